"""Any run as a run directory: what is read back is what was given."""

from __future__ import annotations

import dataclasses
import math
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dermai_report import DermaiError, read_run
from dermai_report.cli import report
from dermai_report.run import Checkpoint, Data, EpochLog, Predictions, Run
from dermai_report.storage import prediction_files
from dermai_report.storage.run_export import write_run
from dermai_report.storage.run_files import EPOCH_KEYS, Manifest
from tests import builders

texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)
plain = st.recursive(
    st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)
fractions = st.floats(0, 1)
metrics = st.fixed_dictionaries({}, optional={"loss": st.floats(), "accuracy": fractions, "top5": st.floats()})


@st.composite
def predictions(draw: st.DrawFn, classes: int) -> Predictions:
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    made = builders.predictions(rng, draw(st.integers(1, 20)), classes)
    groups = [f"patient {i % 3}" for i in range(len(made))] if draw(st.booleans()) else None
    table = made.probabilities if draw(st.booleans()) else None
    return dataclasses.replace(made, probabilities=table, group=groups, epoch=draw(st.none() | st.integers(1, 9)))


@st.composite
def runs(draw: st.DrawFn) -> Run:
    classes = tuple(draw(st.lists(texts, min_size=2, max_size=4, unique=True)))
    numbers = sorted(draw(st.sets(st.integers(1, 50), max_size=5)))
    epochs = [
        EpochLog(
            epoch=number,
            train=draw(metrics),
            val=draw(metrics),
            lr=tuple(draw(st.lists(st.floats(0, 1), max_size=3))),
            seconds=draw(st.none() | st.floats(0, 1e6)),
            phase=draw(st.none() | texts),
            extra=draw(
                st.dictionaries(texts.filter(lambda key: key not in EPOCH_KEYS), plain.filter(lambda v: v != {}), max_size=2)
            ),
        )
        for number in numbers
    ]
    outcomes = {split: draw(predictions(len(classes))) for split in draw(st.sets(st.sampled_from(["val", "test"])))}
    test = None
    if "test" in outcomes:
        number = outcomes["test"].epoch
        outcomes["test"] = dataclasses.replace(outcomes["test"], epoch=number or 3)
        test = prediction_files.evaluate(
            outcomes["test"], n_classes=len(classes), loss=draw(st.none() | st.floats(0, 9)), epoch=number or 3
        )
    samples = None
    if numbers and draw(st.booleans()):
        made = builders.sample_epochs(np.random.default_rng(0), [1.0] * len(numbers), 5, len(classes))
        samples = dataclasses.replace(made, epochs=tuple(numbers))
    return Run(
        id=draw(texts),
        name=draw(texts),
        source="elsewhere",
        path="somewhere/log.csv",
        status=draw(st.sampled_from(["finished", "failed", "interrupted", "unknown"])),
        epochs=tuple(epochs),
        classes=classes,
        config=draw(st.dictionaries(texts, plain, max_size=3)),
        data=Data(counts={"train": {name: draw(st.integers(0, 99)) for name in classes}}, duplicates={}, source=draw(texts)),
        environment=draw(st.dictionaries(texts, texts, max_size=2)),
        seed=draw(st.none() | st.integers(0, 9)),
        checkpoints={"best": Checkpoint(file="model/best.pth", epoch=3, by="val_loss")} if draw(st.booleans()) else {},
        error=draw(st.none() | texts),
        test=test,
        predictions=outcomes,
        val_epochs=samples,
        notes=tuple(draw(st.lists(texts, max_size=2))),
    )


def same(a: Any, b: Any) -> bool:
    """Equal, arrays and numbers that are not finite included."""
    if isinstance(a, np.ndarray):
        return np.array_equal(a, b, equal_nan=True)
    if isinstance(a, float) and math.isnan(a):
        return isinstance(b, float) and math.isnan(b)
    if dataclasses.is_dataclass(a):
        return all(same(getattr(a, f.name), getattr(b, f.name)) for f in dataclasses.fields(a) if f.name != "at")
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple) or (hasattr(a, "__getitem__") and not isinstance(a, str)):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b, strict=True))
    return bool(a == b)


@settings(max_examples=60)
@given(runs())
def test_what_is_written_is_read_back(run: Run) -> None:
    with tempfile.TemporaryDirectory() as folder:
        back = read_run(write_run(run, Path(folder) / "copy"))
    for field in dataclasses.fields(Run):
        if field.name not in ("source", "path", "files", "test_at", "notes"):  # of the place where it stands now
            assert same(getattr(run, field.name), getattr(back, field.name)), field.name
    assert back.notes == (*run.notes, "Written from somewhere/log.csv, read as elsewhere.")


def test_the_fields_of_run_json_are_those_of_a_run() -> None:
    """A field added to one of them is not forgotten by the other."""
    lost = set(Manifest.__struct_fields__) - {f.name for f in dataclasses.fields(Run)}
    assert lost == {"format", "temperature"}  # the latter is fitted anew from the predictions


def test_a_foreign_log_becomes_a_run_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    lines = "".join(f"{e},{1 / e},{1.1 / e},{1 - 0.4 / e}\n" for e in range(1, 7))
    Path("log.csv").write_text("epoch,train_loss,val_loss,val_accuracy\n" + lines)
    assert report.main(["log.csv", "--format", "run"]) == 0
    place = Path(capsys.readouterr().out.strip())
    foreign, own = read_run("log.csv"), read_run(place)
    assert place.parent == Path("runs") and own.source == "run_directory" and len(own.epochs) == 6
    for split, name in (("train", "loss"), ("val", "loss"), ("val", "accuracy")):
        assert own.series(split, name) == foreign.series(split, name)
    assert own.notes[:-1] == foreign.notes and "log.csv" in own.notes[-1]
    assert report.main(["log.csv", "--format", "run", "-o", "here"]) == 0
    assert read_run("here").id == foreign.id


def test_nothing_is_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "file").write_text("mine")
    with pytest.raises(DermaiError, match="something at"):
        write_run(builders.run(), tmp_path / "kept")
    assert report.main([str(builders.PUBLISHED), "--format", "run", "-o", str(builders.PUBLISHED)]) == 2
    assert "already" in capsys.readouterr().err
    assert [p.name for p in tmp_path.iterdir()] == ["kept"]


def test_nothing_is_left_of_what_cannot_be_written(tmp_path: Path) -> None:
    wrong = builders.run(epochs=(EpochLog(epoch=1, val={"accuracy": 1.5}),))
    with pytest.raises(DermaiError, match="is not a fraction"):
        write_run(wrong, tmp_path / "copy")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "options", [["--format", "run,html"], ["--format", "run", "-o", "-"], ["--format", "run", "--key", "x"]]
)
def test_a_run_is_no_report(options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert report.main([str(builders.PUBLISHED), *options]) == 2
    assert capsys.readouterr().err


def test_a_running_run_is_copied_as_of_now(tmp_path: Path) -> None:
    assert read_run(write_run(builders.run(status="running"), tmp_path / "copy")).status == "unknown"
