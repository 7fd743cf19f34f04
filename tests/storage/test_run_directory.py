"""Writing and reading a run directory: whole, killed, broken, hostile."""

import json
import math
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dermai_report import DermaiError, RunWriter, read_run
from dermai_report.run import Data
from tests.builders import PUBLISHED

CLASSES = ["a", "b", "c"]
metric = st.one_of(st.none(), st.floats())
metrics = st.dictionaries(st.text(min_size=1, max_size=8), st.floats(allow_nan=True, allow_infinity=True), max_size=3)


def write_run(root: Path, epochs: int = 3) -> Path:
    rng = np.random.default_rng(0)
    with RunWriter(root, name="my run", classes=CLASSES, config={"lr": 0.1}, seed=3) as run:
        for i in range(epochs):
            run.log_epoch(train={"loss": 1 / (i + 1), "accuracy": 0.5}, val={"loss": 1.0, "accuracy": 0.4}, lr=0.1)
        p = rng.dirichlet([1, 1, 1], 50)
        run.log_evaluation("test", labels=rng.integers(0, 3, 50), probabilities=p, samples=[f"{i}.png" for i in range(50)])
    return run.path


def test_round_trip(tmp_path: Path) -> None:
    path = write_run(tmp_path / "runs")
    run = read_run(tmp_path / "runs" / "latest")
    assert run.id == path.name
    assert run.status == "finished"
    assert [e.epoch for e in run.epochs] == [1, 2, 3]
    assert run.epochs[1].train == {"loss": 0.5, "accuracy": 0.5}
    assert run.epochs[1].at == "epochs.jsonl:2"
    assert run.config == {"lr": 0.1}
    assert run.seed == 3
    test = run.predictions["test"]
    assert list(test.sample[:2]) == ["0.png", "1.png"]
    assert run.test is not None
    assert run.test.accuracy == pytest.approx((test.label == test.predicted).mean())
    assert np.trace(run.test.confusion) == (test.label == test.predicted).sum()
    true = test.probabilities[np.arange(50), test.label]
    assert run.test.loss == pytest.approx(-np.log(true).mean(), rel=1e-5)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.lists(st.tuples(metrics, metrics, st.dictionaries(st.sampled_from(["note", "kappa"]), st.integers())), max_size=4))
def test_any_metrics_come_back(tmp_path: Path, lines: list) -> None:
    with RunWriter(tmp_path, classes=CLASSES) as writer:
        for train, val, extra in lines:
            safe = [{k: v for k, v in m.items() if k != "accuracy"} for m in (train, val)]
            writer.log_epoch(train=safe[0], val=safe[1], **extra)
    run = read_run(writer.path)
    assert len(run.epochs) == len(lines)
    for log, (train, val, extra) in zip(run.epochs, lines, strict=True):
        for read, logged in ((log.train, train), (log.val, val)):
            assert set(read) == set(logged) - {"accuracy"}
            for name, value in read.items():
                assert value == logged[name] or (math.isnan(value) and math.isnan(logged[name]))
        assert log.extra == extra


def test_epochs_file_is_plain_json(tmp_path: Path) -> None:
    with RunWriter(tmp_path, classes=CLASSES) as writer:
        writer.log_epoch(train={"loss": math.nan}, val={"loss": math.inf})
    line = (writer.path / "epochs.jsonl").read_text()
    assert json.loads(line, parse_constant=lambda c: pytest.fail(f"not JSON: {c}"))["train"] == {"loss": "NaN"}


def test_torn_last_line_is_left_out(tmp_path: Path) -> None:
    path = write_run(tmp_path)
    with (path / "epochs.jsonl").open("ab") as log:
        log.write(b'{"epoch": 4, "train": {"lo')
    run = read_run(path)
    assert [e.epoch for e in run.epochs] == [1, 2, 3]
    assert any("incomplete" in note for note in run.notes)


@pytest.mark.parametrize(
    "line", ["{not json}", "[]", '{"epoch": "two"}', '{"train": {}}', '{"epoch": 2, "train": {"loss": "big"}}']
)
def test_a_broken_line_is_named(tmp_path: Path, line: str) -> None:
    path = write_run(tmp_path)
    lines = (path / "epochs.jsonl").read_text().splitlines()
    lines[1] = line
    (path / "epochs.jsonl").write_text("\n".join(lines) + "\n")
    with pytest.raises(DermaiError, match=r"epochs\.jsonl, line 2"):
        read_run(path)


def test_a_repeated_epoch_counts_once_with_a_note(tmp_path: Path) -> None:
    path = write_run(tmp_path)
    with (path / "epochs.jsonl").open("a") as log:
        log.write('{"epoch": 2, "train": {"loss": 9.0}}\n')
    run = read_run(path)
    assert [e.train["loss"] for e in run.epochs] == [1.0, 9.0, pytest.approx(1 / 3)]
    assert any("more than once" in note for note in run.notes)


KILLED = """
    import sys, time
    from dermai_report import RunWriter
    run = RunWriter(sys.argv[1], classes=["a", "b"])
    for i in range(10_000):
        run.log_epoch(train={"loss": 1.0 + i}, val={"loss": 2.0})
        print(i + 1, flush=True)
"""


@pytest.mark.parametrize("moment", [0.0, 0.004, 0.02, 0.07])
def test_killed_at_any_moment_reads_back(tmp_path: Path, moment: float) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(KILLED), str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    process.stdout.readline()
    assert read_run(tmp_path / "latest").status == "running"
    time.sleep(moment)
    os.kill(process.pid, signal.SIGKILL)
    said = [int(line) for line in process.stdout.read().split()]
    process.wait()
    process.stdout.close()
    run = read_run(tmp_path / "latest")
    assert run.status == "interrupted"
    assert any("killed after epoch" in note for note in run.notes)
    assert [e.epoch for e in run.epochs] == list(range(1, len(run.epochs) + 1))
    assert len(run.epochs) >= max(said, default=1)


def test_status_tells_how_it_ended(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), RunWriter(tmp_path) as failed:
        raise ZeroDivisionError("by zero")
    with pytest.raises(KeyboardInterrupt), RunWriter(tmp_path) as stopped:
        raise KeyboardInterrupt
    assert read_run(failed.path).status == "failed"
    assert read_run(failed.path).error == "ZeroDivisionError: by zero"
    assert read_run(stopped.path).status == "interrupted"
    assert (tmp_path / "latest").resolve() == stopped.path.resolve()


def test_checkpoints_carry_their_digest(tmp_path: Path) -> None:
    with RunWriter(tmp_path, classes=CLASSES) as run:
        (run.path / "model").mkdir()
        (run.path / "model" / "best.pth").write_bytes(b"weights")
        run.log_checkpoint("best", "model/best.pth", epoch=2, by="val_loss")
        with pytest.raises(DermaiError, match="no checkpoint"):
            run.log_checkpoint("last", "model/none.pt", epoch=3)
        run.log_evaluation("test", labels=[0, 1], predicted=[0, 2], checkpoint="best")
    read = read_run(run.path)
    assert read.checkpoints["best"].file == "model/best.pth"
    assert read.test is not None
    assert read.test.epoch == 2
    assert read.test.sha256 == read.checkpoints["best"].sha256 != None  # noqa: E711
    assert read.test.confusion == [[1, 0, 0], [0, 0, 1], [0, 0, 0]]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ({"labels": [0, 3], "predicted": [0, 1]}, "class index 3"),
        ({"labels": [0, 1]}, "neither probabilities nor predicted"),
        ({"labels": [0.5, 1.0], "predicted": [0, 1]}, "one class index a sample"),
        ({"labels": [0, 1], "predicted": [0]}, "1 entries for 2 labels"),
        ({"labels": [0, 1], "probabilities": [[0.2, 0.3, 0.5]]}, "shape"),
        ({"labels": [0], "probabilities": [[2.0, -1.0, 3.0]]}, "add up to"),
        ({"labels": [0], "probabilities": [[math.nan, 0.5, 0.5]]}, "add up to"),
        ({"labels": [0, 1], "predicted": [0, 1], "samples": ["x"]}, "samples has 1"),
    ],
)
def test_what_does_not_fit_is_refused(tmp_path: Path, call: dict, message: str) -> None:
    with RunWriter(tmp_path, classes=CLASSES) as run, pytest.raises(DermaiError, match=message):
        run.log_evaluation("test", **call)
    assert not (run.path / "test.json").exists()


def test_writer_refuses_percent_and_going_back(tmp_path: Path) -> None:
    with RunWriter(tmp_path, classes=CLASSES) as run:
        with pytest.raises(DermaiError, match="not a fraction"):
            run.log_epoch(train={"accuracy": 82.43})
        run.log_epoch(epoch=5, train={"loss": 1.0})
        with pytest.raises(DermaiError, match="logged already"):
            run.log_epoch(epoch=5, train={"loss": 1.0})
        with pytest.raises(DermaiError, match="did you mean 'seed'"):
            run.update(sed=1)
    with pytest.raises(DermaiError, match="repeat"):
        RunWriter(tmp_path, classes=["a", "a"])


def test_per_sample_epochs_come_back(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    label = rng.integers(0, 3, 20)
    losses = rng.random((3, 20)).astype(np.float32)
    with RunWriter(tmp_path, classes=CLASSES) as run:
        for row in losses:
            run.log_epoch(val={"loss": float(row.mean())}, val_samples=(row, label[::-1], label))
    samples = read_run(run.path).val_epochs
    assert samples is not None
    assert samples.epochs == (1, 2, 3)
    np.testing.assert_array_equal(samples.loss, losses)
    np.testing.assert_array_equal(samples.predicted[2], label[::-1])


def test_unwritable_place(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(DermaiError, match="cannot write"):
        RunWriter(tmp_path / "file" / "runs")


@pytest.mark.parametrize("text", ["", "{", '{"format": 1}', '{"format": 99, "id": "x", "name": "x", "status": "finished"}'])
def test_broken_manifest_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "run.json").write_text(text)
    with pytest.raises(DermaiError, match=r"run\.json"):
        read_run(tmp_path)


def test_unknown_class_in_predictions(tmp_path: Path) -> None:
    path = write_run(tmp_path)
    manifest = json.loads((path / "run.json").read_text())
    manifest["classes"] = ["a", "b", "other"]
    (path / "run.json").write_text(json.dumps(manifest))
    with pytest.raises(DermaiError, match="class 'c' is not among the classes"):
        read_run(path)


def test_strange_class_names_and_groups(tmp_path: Path) -> None:
    names = ["<b>", "p:label", "漢字 \u202e"]
    with RunWriter(tmp_path, classes=names, data=Data(counts={"train": dict.fromkeys(names, 2)})) as run:
        run.log_evaluation("val", labels=[2, 1, 0], predicted=[2, 2, 0], groups=["x", "x", "y"])
        run.log_evaluation("test", labels=[2, 2], probabilities=[[0, 0, 1], [1, 0, 0]])
    read = read_run(run.path)
    assert read.classes == tuple(names)
    assert read.predictions["val"].label.tolist() == [2, 1, 0]
    assert read.predictions["val"].probabilities is None
    assert list(read.predictions["val"].group or []) == ["x", "x", "y"]
    assert read.predictions["test"].predicted.tolist() == [2, 0]


def test_published_run_is_whole() -> None:
    run = read_run(PUBLISHED)
    assert len(run.epochs) == 10
    assert run.frame()["val_loss"].min() == 0.7892
    assert run.count("val") is None
