"""A run that is killed goes on to the same end; what goes wrong on the way leaves a log and a checkpoint that can be read."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from dermai_report.cli.train import main, resumable
from dermai_report.errors import DermaiError
from dermai_report.storage.run_directory import RunWriter, read_run_directory
from dermai_report.train import checkpoints, loop
from dermai_report.train.config import TrainConfig
from dermai_report.train.engine import Engine
from dermai_report.train.progress import Progress

Options = Callable[..., dict[str, Any]]
PATHS = {
    "plain": {"frozen_bn": "train", "ema": 0.9, "dropout": 0.2, "mixup": 0.2, "schedule": "cosine", "warmup_epochs": 1},
    "fused": {"frozen_bn": "eval", "model": "resnet18", "precision": "bf16", "threads": 2, "train_eval": 4},
    "views": {"frozen_bn": "eval", "model": "resnet18", "views": 2, "optimizer": "adamw", "ensemble": 2, "threads": 2},
    "swa": {"unfreeze": "gradual", "unfreeze_every": 2, "frozen_bn": "eval", "swa_start": 0.01, "swa_lr": 0.002},
    "gradual": {"unfreeze": "gradual", "unfreeze_every": 1, "frozen_bn": "eval", "ema": 0.5, "accumulate": 2},
}


@pytest.fixture(autouse=True)
def without_export(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoints, "export_last", lambda *args: None)


def train(values: dict[str, Any]) -> Path:
    return loop.train(TrainConfig.from_mapping(values), "", Progress()).path


def log_of(path: Path) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in (path / "epochs.jsonl").read_text().splitlines()]
    return [{k: v for k, v in line.items() if k != "seconds"} for line in lines]


def models_of(path: Path) -> dict[str, bytes]:
    return {f.name: f.read_bytes() for f in (path / "model").glob("*.pth")} | {
        f"state/{k}": v.numpy().tobytes() for k, v in torch.load(path / checkpoints.STATE, weights_only=True)["net"].items()
    }


class KilledError(BaseException):
    """Stands for kill -9: nothing is cleaned up after it."""


def killed_at(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, call: int, after: bool) -> None:
    """Make the `call`-th call of a function the last thing the process does."""
    real, calls = getattr(owner, name), [0]

    def wrapped(*args: Any, **options: Any) -> Any:
        calls[0] += 1
        if calls[0] == call and not after:
            raise KilledError
        result = real(*args, **options)
        if calls[0] == call:
            raise KilledError
        return result

    monkeypatch.setattr(owner, name, wrapped)


@pytest.mark.parametrize("name", PATHS)
def test_same_seed_same_log_and_an_interruption_changes_nothing(
    options: Options, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = options(epochs=3, batch_size=5, **PATHS[name])
    first, again = train(values), train(values)
    assert log_of(first) == log_of(again)
    with monkeypatch.context() as patch:
        killed_at(patch, checkpoints, "save_state", call=2, after=False)  # line and best checkpoint of epoch 2 are written
        with pytest.raises(KilledError):
            train(values)
    path = (Path(values["runs"]) / "latest").resolve()
    assert len(log_of(path)) == 2
    manifest = json.loads((path / "run.json").read_text())
    (path / "run.json").write_text(json.dumps({**manifest, "status": "running"}))
    with (path / "epochs.jsonl").open("ab") as log:
        log.write(b'{"epoch": 3, "trai')
    loop.train(resumable(path), "", Progress(), path)
    assert log_of(path) == log_of(first)
    assert models_of(path) == models_of(first)
    done = read_run_directory(path)
    assert (done.status, done.notes) == ("finished", ("Resumed after epoch 1.",))
    assert done.test is not None
    assert done.test.loss == read_run_directory(first).test.loss  # type: ignore[union-attr]


KILLED = """
import sys
from dermai_report.train import checkpoints
checkpoints.export_last = lambda *args: None
from dermai_report.cli.train import main
sys.exit(main(sys.argv[1:]))
"""


def test_kill_9_at_several_moments(options: Options) -> None:
    values = options(epochs=4, train_eval=4, ema=0.9)
    whole = train(values)
    words = [w for k, v in {**values, "runs": values["runs"] + "-killed"}.items() for w in (f"--{k.replace('_', '-')}", str(v))]
    root, arguments, kills = Path(values["runs"] + "-killed"), words, 0
    for moment in (0.1, 0.6):  # seconds after the log of this attempt first grew
        before = sum(f.stat().st_size for f in root.glob("2*/epochs.jsonl"))
        process = subprocess.Popen(
            [sys.executable, "-c", KILLED, *arguments], stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL
        )
        while process.poll() is None and sum(f.stat().st_size for f in root.glob("2*/epochs.jsonl")) <= before:
            time.sleep(0.005)
        time.sleep(moment)
        process.kill()
        kills += process.wait() == -signal.SIGKILL
        (path,) = root.glob("2*")
        if process.returncode == 0:
            break
        arguments = ["--resume", str(path)]
    assert kills
    if json.loads((path / "run.json").read_text())["status"] != "finished":
        assert main(["--resume", str(path)]) == 0
    assert log_of(path) == log_of(whole)
    assert models_of(path) == models_of(whole)


def test_what_cannot_be_resumed(options: Options, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = train(options())
    for arguments, message in (
        (["--resume", str(tmp_path / "absent")], "is no run directory"),
        (["--resume", str(path)], "is finished"),
        (["--resume", str(path), "--epochs", "9"], "--epochs beside --resume"),
    ):
        assert main(arguments) == 2
        assert message in capsys.readouterr().err


def test_a_run_that_goes_on_is_left_alone(tmp_path: Path) -> None:
    with RunWriter(tmp_path, classes=["a", "b"]) as running, pytest.raises(DermaiError, match="still running"):
        RunWriter.resume(running.path)


def test_data_that_changed_is_not_resumed(options: Options, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with monkeypatch.context() as patch:
        killed_at(patch, checkpoints, "save_state", call=1, after=True)
        with pytest.raises(KilledError):
            train(options(epochs=2))
    path = (tmp_path / "runs" / "latest").resolve()
    (tmp_path / "photos" / "train" / "red" / "00.jpg").unlink()
    with pytest.raises(DermaiError, match="not the ones"):
        loop.train(resumable(path), "", Progress(), path)


def poisoned(monkeypatch: pytest.MonkeyPatch, batch: int) -> None:
    """The logits of one batch are no numbers."""
    real, calls = Engine.logits, [0]

    def logits(self: Engine, features: torch.Tensor) -> torch.Tensor:
        calls[0] += 1
        return real(self, features * float("nan") if calls[0] == batch else features)

    monkeypatch.setattr(Engine, "logits", logits)


def test_a_loss_that_is_no_number_can_be_left_out(options: Options, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    poisoned(monkeypatch, batch=2)
    done = read_run_directory(train(options(on_nan="skip", epochs=2)))
    assert "epoch 1, batch 2: the loss is nan, left out" in capsys.readouterr().err
    assert all(0 < e.val["loss"] < 100 for e in done.epochs)  # BatchNorm has forgotten that batch
    poisoned(monkeypatch, batch=2)
    with pytest.raises(DermaiError, match="nan in epoch 1, batch 2"):
        train(options())


def test_what_is_left_out_does_not_thin_an_update(options: Options, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two batches an epoch, the second left out: added up or not, what remains is an update by the first alone."""
    states = []
    for accumulate in (1, 2):
        with monkeypatch.context() as patch:
            poisoned(patch, batch=2)
            path = train(options(on_nan="skip", batch_size=9, accumulate=accumulate, optimizer="sgd", momentum=0.0))
        states.append(models_of(path))
    assert states[0] == states[1]


def test_a_gradient_that_is_no_number_changes_nothing(
    options: Options, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    real, calls = Engine.logits, [0]

    def logits(self: Engine, features: torch.Tensor) -> torch.Tensor:
        calls[0] += 1
        out = real(self, features)
        if calls[0] == 2:
            out.register_hook(lambda gradient: gradient * float("nan"))
        return out

    monkeypatch.setattr(Engine, "logits", logits)
    done = read_run_directory(train(options(on_nan="skip", epochs=2, ema=0.9)))
    assert "epoch 1, batch 2: a gradient is not a number, the update is left out" in capsys.readouterr().err
    assert all(0 < e.val["loss"] < 100 for e in done.epochs)


def test_too_little_memory_names_the_batch_size(options: Options, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: Any) -> None:
        raise RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes")

    monkeypatch.setattr(Engine, "logits", fail)
    with pytest.raises(DermaiError) as caught:
        train(options(batch_size=8))
    assert "out of memory at batch size 8, 32 pixels" in str(caught.value)
    assert "--batch-size 4 --accumulate 2" in str(caught.value)


def test_a_batch_of_one_value_says_what_to_change(options: Options) -> None:
    with pytest.raises(DermaiError, match=r"BatchNorm has no variance at batch size 1, 32 pixels(.|\n)*--batch-size 2"):
        train(options(batch_size=1, model="resnet18"))


def test_a_disk_that_fills_while_the_state_is_written(tmp_path: Path) -> None:
    """Only the state is too large for the limit; what torch says of it is of an unexpected place in its archive."""
    code = """
import resource, sys
from pathlib import Path
import torch
from dermai_report.errors import DermaiError
from dermai_report.train import checkpoints
from dermai_report.train.checkpoints import Snapshot
class Run:
    path = Path(sys.argv[1])
    def changed(self): pass
checkpoints.save_state(Run(), Snapshot(1, {}, {"net": {"w": torch.zeros(2)}}, ()))
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    checkpoints.save_state(Run(), Snapshot(2, {}, {"net": {"w": torch.zeros(100_000)}}, ()))
except DermaiError as error:
    print(error)
"""
    told = subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True, capture_output=True, text=True)
    assert f"cannot write {tmp_path / checkpoints.STATE}: File too large" in told.stdout
    assert torch.load(tmp_path / checkpoints.STATE, weights_only=True)["net"]["w"].shape == (2,)
    assert [f.name for f in (tmp_path / "model").iterdir()] == ["last.ckpt"]


def test_a_full_disk_leaves_the_last_checkpoint_and_the_log(options: Options, tmp_path: Path) -> None:
    """A limit on the size of files stands for a full disk: from epoch 2 on no model can be written."""
    code = """
import resource, sys
from dermai_report.train import checkpoints
real = checkpoints.save_state
def save(*args):
    real(*args)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
checkpoints.save_state = save
from dermai_report.cli.train import main
sys.exit(main(sys.argv[1:]))
"""
    words = [w for k, v in options(epochs=3).items() for w in (f"--{k.replace('_', '-')}", str(v))]
    done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 2, done.stderr
    assert "cannot write" in done.stderr
    assert "Traceback" not in done.stderr
    path = (tmp_path / "runs" / "latest").resolve()
    run = read_run_directory(path)
    assert (run.status, len(run.epochs)) == ("failed", 2)
    assert len(torch.load(path / checkpoints.STATE, weights_only=True)["losses"]) == 1
    assert not list(path.rglob("*.tmp"))
    loop.train(resumable(path), "", Progress(), path)  # the disk has room again
    assert log_of(path) == log_of(train(options(epochs=3)))


def test_an_ensemble_averages_its_members(options: Options) -> None:
    path = train(options(epochs=3, ensemble=2))
    done = read_run_directory(path)
    kept = sorted(int(f.stem[-4:]) for f in (path / "model").glob("epoch-*.pth"))
    losses = done.series("val", "loss")
    assert kept == sorted(1 + n for n in sorted(range(3), key=lambda n: losses[n])[:2])
    assert done.test is not None
    assert done.test.checkpoint == f"ensemble of epochs {kept[0]}, {kept[1]}"
    assert {"best", "ensemble-1", "ensemble-2"} <= set(done.checkpoints)


def test_the_temperature_is_written_down(options: Options, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "use softmax(logits) as it is" in (train(options()) / "README.txt").read_text()  # too few errors to tell
    monkeypatch.setattr("dermai_report.train.conclusion.temperature", lambda outcome: 1.23456)
    path = train(options())
    fitted = json.loads((path / "run.json").read_text())["temperature"]
    assert fitted == 1.2346
    assert f"softmax(logits / {fitted:g})" in (path / "README.txt").read_text()


def test_the_temperature_of_a_mean_is_not_said_to_be_that_of_one_model(
    options: Options, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dermai_report.train.conclusion.temperature", lambda outcome: 1.25)
    averaged = (train(options(epochs=2, ensemble=2, tta=2)) / "README.txt").read_text()
    assert "over 2 views of each image and the models model/epoch-000" in averaged
    assert "softmax(log(mean) / 1.25): the temperature 1.25 was fitted on validation for this mean" in averaged
    cooled = (train(options(temperature_scaling=True)) / "README.txt").read_text()
    assert "was fitted on validation for model/dermai_model.pth\n  test.json and predictions/ have it in them already" in cooled
