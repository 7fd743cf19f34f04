"""The writer takes what training loops have in hand, refuses in words what does not fit, and writes only what reads back."""

import argparse
import dataclasses
import enum
import math
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dermai_report import DermaiError, RunWriter, read_run
from dermai_report.run import Data

CLASSES = ["a", "b", "c"]


class Mode(enum.Enum):
    FAST = "fast"


@dataclasses.dataclass
class Options:
    lr: float
    out: Path


@pytest.fixture
def run(tmp_path: Path) -> Iterator[RunWriter]:
    with RunWriter(tmp_path / "runs", classes=CLASSES) as writer:
        yield writer


def logged(run: RunWriter, **epoch: Any) -> Any:
    run.log_epoch(**epoch)
    run.finish()
    return read_run(run.path).epochs[-1]


# ---- evaluations and the epoch they are of


def test_a_checkpoint_tells_the_epoch(run: RunWriter) -> None:
    for _ in range(3):
        run.log_epoch(val={"loss": 1.0})
    (run.path / "best.pth").write_bytes(b"weights")
    run.log_checkpoint("best", "best.pth", epoch=2)
    for split in ("val", "test"):
        run.log_evaluation(split, labels=[0, 1], predicted=[0, 2], checkpoint="best")
    read = read_run(run.path)
    assert read.test is not None
    assert read.test.epoch == read.predictions["test"].epoch == read.predictions["val"].epoch == 2
    assert pq.read_schema(run.path / "predictions" / "val.parquet").metadata[b"epoch"] == b"2"
    run.log_evaluation("test", labels=[0, 1], predicted=[0, 2], checkpoint="best.pth")
    assert read_run(run.path).test.epoch == 2
    with pytest.raises(DermaiError, match="holds epoch 2, not 3"):
        run.log_evaluation("test", labels=[0], predicted=[0], checkpoint="best", epoch=3)


def test_without_checkpoint_and_epoch_the_last_one_was_evaluated(run: RunWriter) -> None:
    run.log_epoch(val={"loss": 1.0})
    run.log_epoch(val={"loss": 2.0})
    for split in ("val", "test"):
        run.log_evaluation(split, labels=[0, 1], predicted=[0, 2])
    read = read_run(run.path)
    assert read.test is not None
    assert read.test.epoch == read.predictions["test"].epoch == read.predictions["val"].epoch == 2
    run.log_evaluation("test", labels=[0, 1], predicted=[0, 2], epoch=1)
    assert read_run(run.path).test.epoch == 1


def test_an_epoch_that_nothing_tells_stays_unknown(run: RunWriter) -> None:
    run.log_evaluation("test", labels=[0, 1], predicted=[0, 2])
    assert read_run(run.path).test.epoch is None
    run.log_epoch(val={"loss": 1.0})
    run.log_evaluation("test", labels=[0, 1], predicted=[0, 2], checkpoint="elsewhere.pth")
    read = read_run(run.path)
    assert (read.test.checkpoint, read.test.epoch, read.predictions["test"].epoch) == ("elsewhere.pth", None, None)


def test_a_checkpoint_named_after_its_evaluation_is_found(run: RunWriter) -> None:
    run.log_epoch(val={"loss": 1.0})
    run.log_evaluation("test", labels=[0, 1], predicted=[0, 2], checkpoint="best")
    (run.path / "best.pth").write_bytes(b"weights")
    run.log_checkpoint("best", "best.pth", epoch=1)
    assert read_run(run.path).test.epoch == 1


# ---- values of an epoch


def test_numbers_that_are_none_come_back(run: RunWriter) -> None:
    epoch = logged(run, train={"loss": math.nan}, lr=[math.nan, math.inf], seconds=math.nan)
    assert math.isnan(epoch.train["loss"])
    assert math.isnan(epoch.lr[0])
    assert epoch.lr[1] == math.inf
    assert math.isnan(epoch.seconds)


def test_numpy_values_are_taken(run: RunWriter) -> None:
    epoch = logged(
        run,
        epoch=np.int64(2),
        train={"loss": np.float32(0.5), "images": np.int64(7)},
        val={"loss": np.array([0.25])},
        lr=np.array([0.1, 0.2]),
        seconds=np.float64(3),
        per_class=np.zeros(3),
        matrix=np.eye(2, dtype=int),
        place=Path("x"),
        seen={3, 1, 2},
    )
    assert (epoch.epoch, epoch.train, epoch.val) == (2, {"loss": 0.5, "images": 7.0}, {"loss": 0.25})
    assert (epoch.lr, epoch.seconds) == ((0.1, 0.2), 3.0)
    extra = {"per_class": [0.0, 0.0, 0.0], "matrix": [[1, 0], [0, 1]], "place": "x", "seen": [1, 2, 3]}
    assert epoch.extra == extra


def circle() -> list:
    ring: list = []
    ring.append(ring)
    return ring


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ({"train": {"note": "x"}}, "train metric 'note' is 'x', not a number"),
        ({"train": {"ok": True}}, "train metric 'ok' is True"),
        ({"train": {"ok": np.bool_(True)}}, "train metric 'ok'"),
        ({"val": {"per_class": [1, 2]}}, r"a keyword of its own: log_epoch\(…, per_class="),
        ({"val": {"per_class": np.zeros(2)}}, "val metric 'per_class'"),
        ({"val": {"loss": 10**400}}, "val metric 'loss'"),
        ({"val": [0.5]}, "val is .*not metrics by name"),
        ({"val": {"accuracy": 50.0}}, "val accuracy 50 is not a fraction"),
        ({"train": {"eval_accuracy": -0.5}}, "train eval_accuracy -0.5 is not a fraction"),
        ({"epoch": 1.5}, "epoch 1.5 is not a whole number"),
        ({"epoch": True}, "epoch True is not a whole number"),
        ({"epoch": 0}, "epoch 0: epochs are numbered from 1"),
        ({"epoch": -3}, "epoch -3: epochs are numbered from 1"),
        ({"epoch": 10_000_001}, "epoch 10000001 is past"),
        ({"lr": "auto"}, "lr is 'auto', not a number"),
        ({"lr": [0.1, None]}, "a learning rate is missing"),
        ({"seconds": "1"}, "seconds is '1', not a number"),
        ({"note": circle()}, "nested too deeply"),
        ({"val_samples": ([1.0, 2.0], [0, 1], [0])}, r"loss of shape \(2,\), 2 predicted and 1 labels"),
        ({"val_samples": ([1.0], [0])}, "not three arrays"),
        ({"val_samples": (1.0, [0], [0])}, r"loss of shape \(\)"),
        ({"val_samples": ([[1.0], [2.0]], [0, 1], [0, 1])}, r"loss of shape \(2, 1\)"),
        ({"val_samples": (["x"], [0], [0])}, "loss of val_samples is no array of numbers"),
        ({"val_samples": ([1.0], [3], [0])}, "predicted of val_samples has class index 3"),
        ({"val_samples": ([], [], [])}, "0 labels"),
    ],
)
def test_what_does_not_fit_an_epoch_is_refused(run: RunWriter, call: dict, message: str) -> None:
    with pytest.raises(DermaiError, match=message):
        run.log_epoch(**call)
    run.log_epoch(train={"loss": 1.0})
    run.finish()
    read = read_run(run.path)
    assert [e.epoch for e in read.epochs] == [1]
    assert read.val_epochs is None


def test_epochs_only_grow_and_end(run: RunWriter) -> None:
    run.log_epoch(epoch=5)
    with pytest.raises(DermaiError, match="epoch 5 was logged already"):
        run.log_epoch(epoch=5)
    with pytest.raises(DermaiError, match="epoch 3 comes after epoch 5"):
        run.log_epoch(epoch=3)
    run.finish()
    with pytest.raises(DermaiError, match="the run is finished"):
        run.log_epoch()


def test_texts_that_are_not_utf8_are_written_out(tmp_path: Path) -> None:
    name = os.fsdecode(b"caf\xe9.png")
    with RunWriter(tmp_path, name=name, classes=[name, "b"], config={name: name}) as run:
        run.log_epoch(train={name: 1.0}, phase=name, note=name)
        run.log_evaluation("test", labels=[0], predicted=[1], samples=[name], groups=[name])
        run.finish("failed", error=name)
    read = read_run(run.path)
    assert read.error == "caf\\udce9.png"
    assert read.epochs[0].extra == {"note": "caf\\udce9.png"}
    assert list(read.predictions["test"].sample) == ["caf\\udce9.png"]


def test_losses_beyond_float32_are_written(run: RunWriter) -> None:
    run.log_epoch(val={"loss": 1e308}, val_samples=([1e308, 1.0], [0, 1], [0, 1]))
    read = read_run(run.path)
    assert read.epochs[0].val["loss"] == 1e308
    assert read.val_epochs is not None
    assert read.val_epochs.loss.tolist() == [[math.inf, 1.0]]


# ---- facts of the run


def test_configurations_of_every_kind(tmp_path: Path) -> None:
    config = {
        "data": Path("photos/x"), "lr": np.float64(0.1), "steps": np.int64(3), "flag": np.bool_(True), "sizes": {2, 10},
        "mixed": {1, "x"}, "none": None, "dtype": np.float32, "mode": Mode.FAST, "inner": Options(0.1, Path("o")),
        "huge": 10**30, "shape": np.array([1, 2]), 3: "three", "limit": math.inf,
    }  # fmt: skip
    with RunWriter(tmp_path, config=config, seed=np.int64(3), data=Data(counts={"train": {"a": np.int64(3)}})) as run:
        pass
    read = read_run(run.path)
    assert read.seed == 3
    assert read.data.counts == {"train": {"a": 3}}
    assert read.config == {
        "data": "photos/x", "lr": 0.1, "steps": 3, "flag": True, "sizes": [2, 10], "mixed": [1, "x"], "none": None,
        "dtype": "<class 'numpy.float32'>", "mode": "fast", "inner": {"lr": 0.1, "out": "o"}, "huge": 10**30,
        "shape": [1, 2], "3": "three", "limit": "Infinity",
    }  # fmt: skip
    with RunWriter(tmp_path, config=argparse.Namespace(data=Path("x"), lr=0.1)) as run:  # type: ignore[arg-type]
        pass
    assert read_run(run.path).config == {"data": "x", "lr": 0.1}


def test_classes_that_are_numbers_become_text(tmp_path: Path) -> None:
    with RunWriter(tmp_path, classes=[0, 1, np.int64(2)]) as run:  # type: ignore[list-item]
        run.log_evaluation("test", labels=[0, 2], predicted=[1, 2])
    read = read_run(run.path)
    assert read.classes == ("0", "1", "2")
    assert read.predictions["test"].label.tolist() == [0, 2]


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ({"classes": 10}, "classes is 10, not the names"),
        ({"classes": "abc"}, "classes is 'abc', not the names"),
        ({"classes": [1, "1"]}, "class names repeat: 1"),
        ({"seed": "x"}, "run.json cannot hold this: .*seed"),
        ({"seed": 1.5}, "run.json cannot hold this: .*seed"),
        ({"config": "args"}, "run.json cannot hold this: .*config"),
        ({"config": {"ring": circle()}}, "nested too deeply"),
        ({"data": Data(counts={"train": {"a": -1}})}, "data.counts has -1 images of a in train"),
    ],
)
def test_facts_that_do_not_fit_make_no_directory(tmp_path: Path, facts: dict, message: str) -> None:
    with pytest.raises(DermaiError, match=message):
        RunWriter(tmp_path / "runs", **facts)
    assert not (tmp_path / "runs").exists()


def test_a_wrong_end_is_refused(run: RunWriter) -> None:
    for status in ("done", "running"):
        with pytest.raises(DermaiError, match=f"no status of a run that ended '{status}'"):
            run.finish(status)  # type: ignore[arg-type]
    with pytest.raises(DermaiError, match=r"cannot hold this: .*status"):
        run.update(status="done")
    run.finish()
    assert read_run(run.path).status == "finished"


def test_checkpoints_lie_in_the_run(run: RunWriter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "elsewhere.pth").write_bytes(b"weights")
    for file in (tmp_path / "elsewhere.pth", "../../elsewhere.pth"):
        with pytest.raises(DermaiError, match="lies outside the run's directory"):
            run.log_checkpoint("best", file, epoch=1)
    (run.path / "best.pth").write_bytes(b"weights")
    with pytest.raises(DermaiError, match="epoch 0: epochs are numbered from 1"):
        run.log_checkpoint("best", "best.pth", epoch=0)
    monkeypatch.chdir(tmp_path)
    with RunWriter("runs", classes=CLASSES) as relative:
        (relative.path / "best.pth").write_bytes(b"weights")
        relative.log_checkpoint("best", relative.path / "best.pth", epoch=np.int64(1))  # type: ignore[arg-type]
    assert read_run(relative.path).checkpoints["best"].file == "best.pth"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ({"labels": [0, 1], "probabilities": [[0.2, 0.3, 0.5], [1.0]]}, "probabilities is no array of numbers"),
        ({"labels": [0], "probabilities": [["x", "y", "z"]]}, "probabilities is no array of numbers"),
        ({"labels": [[0], [1, 2]], "predicted": [0, 1]}, "labels is no array of numbers"),
        ({"labels": None, "predicted": [0]}, "labels must be one class index a sample"),
        ({"labels": [], "predicted": []}, "no samples"),
        ({"labels": [0], "predicted": [0], "samples": 5}, "samples is 5, not one text a sample"),
        ({"labels": [0, 1], "predicted": [0, 1], "groups": ["x", None]}, "a sample without a group"),
        ({"labels": [0], "predicted": [0], "loss": "x"}, "loss is 'x', not a number"),
        ({"labels": [0], "predicted": [0], "epoch": 1.5}, "epoch 1.5 is not a whole number"),
    ],
)
def test_what_does_not_fit_an_evaluation_is_refused(run: RunWriter, call: dict, message: str) -> None:
    with pytest.raises(DermaiError, match=message):
        run.log_evaluation("test", **call)
    assert not (run.path / "test.json").exists()
    assert not (run.path / "predictions").exists()


def test_no_classes_no_evaluation(tmp_path: Path) -> None:
    with RunWriter(tmp_path) as run, pytest.raises(DermaiError, match="no classes: name them"):
        run.log_evaluation("test", labels=[0], predicted=[0])


def test_a_loss_that_is_no_number_is_worked_out(run: RunWriter) -> None:
    run.log_evaluation("test", labels=[0], probabilities=[[0.5, 0.5, 0.0]], loss=np.float32(np.inf))
    assert read_run(run.path).test.loss == pytest.approx(math.log(2))


def test_further_columns_come_back(tmp_path: Path) -> None:
    columns = {"skin_tone": ["dark", None, "light"], "age": [40, 50, float("nan")], "größe": ["", "x", "y"]}
    with RunWriter(tmp_path, classes=["a", "b"]) as run:
        run.log_evaluation("test", labels=[0, 1, 1], predicted=[0, 1, 0], groups=["p", "p", "q"], columns=columns)
    found = read_run(run.path).predictions["test"]
    assert {name: list(values) for name, values in found.columns.items()} == {
        "skin_tone": ["dark", "", "light"], "age": ["40", "50", ""], "größe": ["", "x", "y"],
    }  # fmt: skip
    for wrong, words in (
        ({"label": [1, 2, 3]}, "has a name that predictions use"),
        ({"tone": ["x"]}, "1 entries for 3 labels"),
    ):
        with pytest.raises(DermaiError, match=words), RunWriter(tmp_path, classes=["a", "b"]) as run:
            run.log_evaluation("test", labels=[0, 1, 1], predicted=[0, 1, 0], columns=wrong)


def test_columns_that_others_wrote(tmp_path: Path) -> None:
    """Text is kept, its gaps are empty; numbers such as logits are none of ours, as before."""
    with RunWriter(tmp_path, classes=["a", "b"]) as run:
        run.log_evaluation("test", labels=[0, 1], predicted=[0, 1])
    file = run.path / "predictions" / "test.parquet"
    table = pq.read_table(file).append_column("logit", pa.array([0.1, 0.2]))
    table = table.append_column("site", pa.array(["x", None]).dictionary_encode()).append_column("note", pa.array([None, "y"]))
    pq.write_table(table, file)
    found = read_run(run.path).predictions["test"].columns
    assert {name: list(values) for name, values in found.items()} == {"site": ["x", ""], "note": ["", "y"]}
