"""Whole runs on tiny data: what is written, what reloads, what stops."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from dermai_report.errors import DermaiError
from dermai_report.run import Run
from dermai_report.storage.run_directory import read_run_directory
from dermai_report.train import checkpoints, loop
from dermai_report.train.config import TrainConfig
from dermai_report.train.data import load_data
from dermai_report.train.engine import Engine
from dermai_report.train.evaluate import evaluate
from dermai_report.train.history import History
from dermai_report.train.interruption import interruptible
from dermai_report.train.progress import Progress
from dermai_report.train.storage import Storage
from dermai_report.train.torchvision_compat import torchvision
from dermai_report.train.training import prepare

Options = Callable[..., dict[str, Any]]
CPU = torch.device("cpu")


def run(values: dict[str, Any]) -> Run:
    return read_run_directory(loop.train(TrainConfig.from_mapping(values), "dermai-train", Progress()).path)


@pytest.fixture
def without_export(monkeypatch: pytest.MonkeyPatch) -> None:
    """Exporting takes seconds and is tested once."""
    monkeypatch.setattr(checkpoints, "export_last", lambda *args: None)


def test_a_whole_run(options: Options) -> None:
    config = options(model="resnet18", epochs=3, train_eval=6)
    done = run(config)
    path = Path(done.path)
    assert done.status == "finished"
    assert [e.epoch for e in done.epochs] == [1, 2, 3]
    assert done.config["image_size"] == 32
    assert done.environment["device"] == "cpu"
    assert done.epochs[0].phase == "layer4+fc"
    assert done.epochs[0].train["eval_n"] == 6
    assert 0 < done.epochs[0].train["eval_loss"] < 10

    losses = done.series("val", "loss")
    best = done.checkpoints["best"]
    assert best.epoch == 1 + int(np.argmin(losses))
    assert best.by == "val_loss"

    data = load_data(TrainConfig.from_mapping(config))
    shipped = torchvision.models.resnet18(num_classes=3)
    shipped.load_state_dict(torch.load(path / "model" / "dermai_model.pth", weights_only=True))
    engine = Engine(None, shipped, shipped, "float32", CPU, Storage(0, path))
    again = evaluate(engine, data.val)
    assert again.loss == pytest.approx(min(losses), rel=1e-5)

    assert done.val_epochs is not None
    assert done.val_epochs.loss.shape == (3, 12)
    assert done.val_epochs.loss.mean(axis=1) == pytest.approx(losses, rel=1e-5)
    assert done.test is not None
    assert (done.test.n, done.test.epoch, done.test.sha256) == (12, best.epoch, best.sha256)
    assert data.test is not None
    assert done.test.loss == pytest.approx(evaluate(engine, data.test).loss, rel=1e-5)
    assert list(done.predictions["test"].sample) == list(data.test.samples)

    text = (path / "README.txt").read_text()
    for expected in ("0  blue", "32 x 32", "0.485", "dermai_model.pth", "num_classes=3", "dermai-train"):
        assert expected in text
    check_export(path)


def check_export(path: Path) -> None:
    """The exported program loads where there is neither this package nor torchvision, for batches of any size."""
    code = (
        "import sys, torch\n"
        "model = torch.export.load(sys.argv[1]).module()\n"
        "torch.manual_seed(0)\n"
        "print([model(torch.randn(n, 3, 32, 32)).shape[0] for n in (1, 2, 7)])\n"
        "assert not any(m.startswith(('torchvision', 'dermai_report')) for m in sys.modules)\n"
    )
    file = path / "model" / "dermai_model.pt"
    done = subprocess.run([sys.executable, "-c", code, str(file)], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "[1, 2, 7]", done.stderr


def test_the_export_is_the_model(options: Options, tmp_path: Path) -> None:
    config = TrainConfig.from_mapping(options())
    training = prepare(config, load_data(config), CPU)
    with loop.open_run(training, "") as writer:
        checkpoints.export_last(writer, training.evaluated, 32, epoch=1)
    program = torch.export.load(writer.path / checkpoints.LAST).module()
    x = torch.randn(5, 3, 32, 32)
    assert torch.allclose(program(x), training.evaluated.eval()(x), atol=1e-5)


@pytest.mark.usefixtures("without_export")
def test_same_seed_same_log(options: Options) -> None:
    def log(seed: int) -> list[dict[str, Any]]:
        path = Path(run(options(epochs=2, seed=seed, dropout=0.2, mixup=0.2)).path)
        lines = [json.loads(line) for line in (path / "epochs.jsonl").read_text().splitlines()]
        return [{k: v for k, v in line.items() if k != "seconds"} for line in lines]

    assert log(3) == log(3)
    assert log(3) != log(4)


@pytest.mark.usefixtures("without_export")
@pytest.mark.parametrize(
    "changes",
    [
        {"unfreeze": "head", "optimizer": "sgd", "schedule": "one-cycle"},
        {"unfreeze": "full", "optimizer": "adamw", "weight_decay": 0.01, "schedule": "cosine", "warmup_epochs": 1},
        {"schedule": "cyclic", "augment": "strong", "label_smoothing": 0.1, "clip_grad_norm": 1.0},
        {"schedule": "warm-restarts", "augment": "none", "mixup": 0.2, "cutmix": 1.0, "frozen_bn": "eval"},
        {"schedule": "none", "balanced_sampling": True, "accumulate": 2, "ema": 0.9, "dropout": 0.3},
        {"tta": 4, "best_by": "val_macro_f1", "class_weights": False, "layer_lr_decay": 0.5},
    ],
    ids=lambda changes: "-".join(map(str, list(changes)[:3])),
)
def test_every_strategy_trains(options: Options, changes: dict[str, Any]) -> None:
    done = run(options(**changes))
    assert done.status == "finished"
    assert np.isfinite([done.epochs[0].train["loss"], done.epochs[0].val["loss"]]).all()
    assert done.test is not None


@pytest.mark.usefixtures("without_export")
def test_gradual_unfreezing(options: Options) -> None:
    done = run(options(unfreeze="gradual", unfreeze_every=1, epochs=4, layer_lr_decay=0.5, schedule="none"))
    phases = ["layer4+classifier", "layer3+layer4+classifier"] + ["layer2+layer3+layer4+classifier"] * 2
    assert [e.phase for e in done.epochs] == phases
    assert done.epochs[-1].lr == pytest.approx((1e-3, 5e-4, 2.5e-4, 1.25e-4))


def test_only_unfrozen_layers_change(options: Options) -> None:
    config = TrainConfig.from_mapping(options(model="resnet18", frozen_bn="eval", optimizer="adamw", weight_decay=0.1))
    training = prepare(config, load_data(config), CPU)
    before = {k: v.clone() for k, v in training.model.net.state_dict().items()}
    with loop.open_run(training, "") as writer, interruptible() as interruption:
        loop.fit(training, History(), writer, interruption, Progress())
    after = training.model.net.state_dict()
    changed = {k.split(".")[0] for k in before if not torch.equal(before[k], after[k])}
    assert changed == {"layer4", "fc"}


@pytest.mark.usefixtures("without_export")
def test_early_stopping(options: Options) -> None:
    done = run(options(epochs=20, early_stopping=1, min_delta=100.0))
    assert len(done.epochs) == 2
    assert done.status == "finished"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_run_cleanly(options: Options, monkeypatch: pytest.MonkeyPatch, number: signal.Signals) -> None:
    def epoch(self: Progress, epoch: int, epochs: int, batches: int) -> Callable[[int, float, float, float], None]:
        return lambda seen, loss, accuracy, lr: os.kill(os.getpid(), number) if epoch == 2 and seen == 6 else None

    monkeypatch.setattr(Progress, "epoch", epoch)
    before = signal.getsignal(signal.SIGINT)
    result = loop.train(TrainConfig.from_mapping(options(epochs=5)), "", Progress())
    done = read_run_directory(result.path)
    assert (done.status, len(done.epochs), result.signal) == ("interrupted", 1, number)
    assert done.checkpoints["best"].epoch == 1
    assert signal.getsignal(signal.SIGINT) == before


def test_a_loss_that_is_no_number_stops_the_run(options: Options, tmp_path: Path) -> None:
    with pytest.raises(DermaiError, match=r"became (nan|inf) in epoch \d+, batch \d+"):
        run(options(lr=100.0, optimizer="sgd", epochs=30, augment="none", unfreeze="full", batch_size=9))
    done = read_run_directory(tmp_path / "runs" / "latest")
    assert done.status == "failed"
    assert "batch" in (done.error or "")


def test_nothing_is_written_when_the_data_is_wrong(options: Options, tmp_path: Path) -> None:
    (tmp_path / "photos" / "val" / "red" / "00.jpg").write_bytes(b"broken")
    with pytest.raises(DermaiError, match=r"val/red/00\.jpg"):
        run(options())
    assert not (tmp_path / "runs").exists()


def test_a_device_that_is_not_there(options: Options) -> None:
    with pytest.raises(DermaiError, match="no device 'cuda:63'"):
        run(options(device="cuda:63"))


def test_the_temperature_divides_the_logits_of_the_final_evaluation(options: Options, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dermai_report.train.conclusion.temperature", lambda outcome: 2.0)
    plain, cooled = run(options()), run(options(temperature_scaling=True))
    for split in ("val", "test"):
        before, after = plain.predictions[split].probabilities, cooled.predictions[split].probabilities
        assert before is not None
        assert after is not None
        roots = np.sqrt(before)
        np.testing.assert_allclose(after, roots / roots.sum(axis=1, keepdims=True), atol=1e-5)
    assert cooled.test is not None
    true = cooled.predictions["test"].label
    logged = -np.log(cooled.predictions["test"].probabilities[np.arange(len(true)), true])  # type: ignore[index]
    assert cooled.test.loss == pytest.approx(logged.mean(), rel=1e-4)


@pytest.mark.parametrize("name", ["vit_b_16", "regnet_y_400mf"])  # the second cannot be built without its numbers
def test_a_model_whose_layers_are_not_known_is_refused_before_the_data_are_read(
    options: Options, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(loop, "load_data", lambda *_: pytest.fail("the data were read"))
    with pytest.raises(DermaiError, match=name):
        run(options(model=name))
