"""Run directories that were killed, edited by hand, or are hostile: read as far as they are true, else an error that names."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dermai_report import DermaiError, RunWriter, read_run

CLASSES = ["a", "b", "c"]
LABELS, PREDICTED = [0, 1, 2, 2], [0, 1, 2, 0]
PROBABILITIES = [[0.8, 0.1, 0.1], [0.1, 0.8, 0.1], [0.1, 0.1, 0.8], [0.5, 0.25, 0.25]]
CONFUSION = [[1, 0, 0], [0, 1, 0], [1, 0, 1]]
DEEP = "[" * 100_000 + "]" * 100_000


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A finished run of two epochs with everything in it."""
    with RunWriter(tmp_path / "runs", classes=CLASSES) as run:
        for _ in range(2):
            values = {"loss": 1.0, "accuracy": 0.5}
            run.log_epoch(train=values, val=values, lr=0.1, val_samples=([0.5, 1.0, 2.0], [0, 1, 2], [0, 1, 1]))
        for split in ("val", "test"):
            run.log_evaluation(split, labels=LABELS, probabilities=PROBABILITIES)
    return run.path


def edit(file: Path, **values: Any) -> None:
    """Change keys of a JSON file; None takes one out."""
    old = json.loads(file.read_text())
    file.write_text(json.dumps({k: v for k, v in {**old, **values}.items() if v is not None}))


def replace_column(file: Path, name: str, values: Any) -> None:
    table = pq.read_table(file, partitioning=None)
    pq.write_table(table.set_column(table.column_names.index(name), name, pa.array(values)), file)


# ---- the log


def test_a_whole_last_line_without_its_end_is_read(path: Path) -> None:
    log = path / "epochs.jsonl"
    log.write_bytes(log.read_bytes().rstrip(b"\n"))
    run = read_run(path)
    assert [e.epoch for e in run.epochs] == [1, 2]
    assert run.epochs[1].at == "epochs.jsonl:2"
    assert not run.notes


@pytest.mark.parametrize("torn", [b'{"epoch": 3, "tr', b"\0" * 50, b'{"epoch": 3, "note": "\xe6\xbc'])
def test_a_last_line_cut_short_is_left_out(path: Path, torn: bytes) -> None:
    with (path / "epochs.jsonl").open("ab") as log:
        log.write(torn)
    run = read_run(path)
    assert [e.epoch for e in run.epochs] == [1, 2]
    assert any("incomplete" in note for note in run.notes)


@pytest.mark.parametrize("end", ["", "\n"])
@pytest.mark.parametrize(
    "line",
    [
        '{"epoch": 0}',
        '{"epoch": 10000001}',
        '{"epoch": 3, "x": ' + DEEP + "}",
        '{"epoch": 3, "seconds": "soon"}',
        '{"epoch": 3, "lr": ["x"]}',
        '{"epoch": 3, "phase": "\\ud800"}',
        '{"epoch": 3, "train": {"loss": 1' + "0" * 400 + "}}",
    ],
    ids=lambda line: line[:24],
)
def test_impossible_lines_are_named(path: Path, line: str, end: str) -> None:
    with (path / "epochs.jsonl").open("a") as log:
        log.write(line + end)
    with pytest.raises(DermaiError, match=r"epochs\.jsonl, line 3: "):
        read_run(path)


def test_not_a_number_is_read_however_it_is_spelt(path: Path) -> None:
    (path / "epochs.jsonl").write_text(
        '{"epoch": 1, "seconds": NaN, "lr": [NaN], "val": {"loss": 1e308}}\n{"epoch": 2, "seconds": "NaN", "lr": ["NaN"]}\n'
    )
    run = read_run(path)
    assert run.epochs[0].val["loss"] == 1e308
    for epoch in run.epochs:
        assert np.isnan(epoch.seconds)
        assert np.isnan(epoch.lr[0])


def test_percent_is_refused_and_stray_numbers_are_not(path: Path) -> None:
    log = path / "epochs.jsonl"
    log.write_text('{"epoch": 1, "val": {"accuracy": 0.9}}\n\n{"epoch": 2, "train": {"accuracy": 82.43}}\n')
    with pytest.raises(DermaiError, match=r"epochs\.jsonl, line 3: train accuracy is 82.43, .*percent") as caught:
        read_run(path)
    assert "by 100: 0.8243 for 82.43 percent" in caught.value.hint
    for stray in (-0.5, 250.0):
        log.write_text(f'{{"epoch": 1, "val": {{"accuracy": {stray}}}}}\n{{"epoch": 2, "val": {{"accuracy": 50}}}}\n')
        assert read_run(path).epochs[0].val["accuracy"] == stray
    log.write_text('{"epoch": 1, "val": {"accuracy": 1.0000001}}\n')
    assert len(read_run(path).epochs) == 1


def test_an_unreadable_log_is_named(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = Path.read_bytes

    def refuse(self: Path) -> bytes:
        if self.name == "epochs.jsonl":
            raise PermissionError(13, "Permission denied", str(self))
        return real(self)

    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(DermaiError, match=r"cannot read .*epochs\.jsonl: Permission denied"):
        read_run(path)


def test_an_unreadable_folder_is_named(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path, **_: object) -> object:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "stat", refuse)
    with pytest.raises(DermaiError, match=rf"cannot read {re.escape(str(path))}.*: Permission denied"):
        read_run(path)


# ---- run.json


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"classes": ["a", "b", "a"]}, "class names repeat: a"),
        ({"data": {"counts": {"train": {"a": -5}}}}, "data.counts has -5 images of a in train"),
    ],
)
def test_an_impossible_manifest_is_named(path: Path, values: dict, message: str) -> None:
    edit(path / "run.json", **values)
    with pytest.raises(DermaiError, match=rf"run\.json: {message}"):
        read_run(path)


@pytest.mark.parametrize("name", ["run.json", "test.json"])
def test_json_nested_without_end_is_named(path: Path, name: str) -> None:
    (path / name).write_text('{"config": ' + DEEP + "}")
    with pytest.raises(DermaiError, match=re.escape(name)):
        read_run(path)


# ---- test.json


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"accuracy": 75.0}, r"accuracy 75 is not a fraction between 0 and 1 \(percent\? write 0.75\)"),
        ({"accuracy": -0.1}, "accuracy -0.1 is not a fraction"),
        ({"accuracy": 0.7501}, "accuracy is 0.7501, but the confusion matrix says 3 of 4"),
        ({"n": 5}, "n is 5, but the confusion matrix counts 4"),
        ({"n": -1}, "n is -1"),
        ({"n": 10**30}, "n is 1000"),
        ({"epoch": 0}, "epoch is 0"),
        ({"confusion": [[2, 0, 0], [-1, 1, 0], [1, 0, 1]]}, "a count below 0"),
        ({"confusion": [[1, 0], [0, 1]]}, "not 3 x 3"),
        ({"confusion": [[1, 0, 0], [0, 1, 0], [0, 1, 1]]}, r"confusion is not that of predictions/test\.parquet"),
        ({"confusion": None, "n": 9}, "n is not that of .* which has 4 rows"),
        ({"confusion": None, "accuracy": 0.5}, r"accuracy is 0\.5, but predictions/test\.parquet says 0\.75"),
    ],
)
def test_counts_that_contradict_each_other_are_named(path: Path, values: dict, message: str) -> None:
    edit(path / "test.json", **values)
    with pytest.raises(DermaiError, match=rf"test\.json: .*{message}"):
        read_run(path)


def test_without_its_file_the_evaluation_is_that_of_the_predictions(path: Path) -> None:
    whole = read_run(path).test
    (path / "test.json").unlink()
    run = read_run(path)
    assert run.test is not None
    assert (run.test.n, run.test.accuracy, run.test.confusion, run.test.epoch) == (4, 0.75, CONFUSION, 2)
    assert run.test.loss == pytest.approx(whole.loss)
    assert any("test.json" in note for note in run.notes)


def test_what_the_evaluation_lacks_comes_from_the_predictions(path: Path) -> None:
    (path / "test.json").write_text('{"accuracy": 0.749, "loss": 1.5}')
    test = read_run(path).test
    assert (test.n, test.accuracy, test.confusion, test.loss) == (4, 0.75, CONFUSION, 1.5)
    (path / "test.json").write_text("{}")
    assert read_run(path).test.loss == pytest.approx(-np.log([0.8, 0.8, 0.8, 0.25]).mean(), rel=1e-6)


def test_killed_between_predictions_and_evaluation(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from dermai_report.storage import run_directory

    with RunWriter(path.parent, classes=CLASSES) as run:
        run.log_evaluation("test", labels=[0], predicted=[1], epoch=1)
        monkeypatch.setattr(run_directory, "write_atomically", lambda *_: pytest.fail("killed"))
        with pytest.raises(pytest.fail.Exception):
            run.log_evaluation("test", labels=LABELS, predicted=PREDICTED, epoch=7)
        test = read_run(run.path).test
        monkeypatch.undo()
    assert (test.n, test.accuracy, test.epoch) == (4, 0.75, 7)


@pytest.mark.parametrize(
    ("checkpoint", "epoch"),
    [
        ({"checkpoint": "best"}, 5),
        ({"checkpoint": "model/best.pth"}, 5),
        ({"checkpoint": "model/best.pth", "sha256": "other"}, None),
        ({"checkpoint": "gone.pth"}, None),
        ({}, None),
    ],
)
def test_the_epoch_of_the_evaluation_is_that_of_its_checkpoint(path: Path, checkpoint: dict, epoch: int | None) -> None:
    edit(path / "run.json", checkpoints={"best": {"file": "model/best.pth", "epoch": 5, "sha256": "one"}})
    (path / "test.json").write_text(json.dumps({"n": 4, **checkpoint}))
    (path / "predictions" / "test.parquet").unlink()
    assert read_run(path).test.epoch == epoch


def test_the_epoch_of_the_predictions_will_do(path: Path) -> None:
    (path / "test.json").write_text('{"n": 4}')
    run = read_run(path)
    assert run.test is not None
    assert run.test.epoch == run.predictions["test"].epoch == run.predictions["val"].epoch == 2


# ---- Parquet


@pytest.mark.parametrize(
    ("name", "values", "message"),
    [
        ("p:b", ["x"] * 4, "column p:b must hold numbers, not string"),
        ("p:b", [[0.1]] * 4, "column p:b must hold numbers, not list"),
        ("p:b", [0.1, 0.8, 0.1, None], "column p:b must hold numbers, not 1 empty cells"),
        ("p:b", [0.9] * 4, "probabilities of sample 0 add up to 1.8"),
        ("p:b", [1e308] * 4, "probabilities of sample 0"),
        ("label", LABELS, "column label must hold text, not int64"),
        ("label", ["a", "b", "c", None], "1 cells of column label are empty"),
        ("label", ["a", "b", "c", "d"], "class 'd' is not among the classes"),
        ("label", [["a"]] * 4, "column label must hold text"),
        ("sample", [{"x": 1}] * 4, "column sample must hold text"),
        ("sample", ["x", None, "y", "z"], "1 cells of column sample are empty"),
    ],
)
def test_columns_of_predictions_are_checked(path: Path, name: str, values: Any, message: str) -> None:
    replace_column(path / "predictions" / "test.parquet", name, values)
    with pytest.raises(DermaiError, match=rf"test\.parquet: .*{message}"):
        read_run(path)


def test_missing_columns_and_rows_of_predictions_are_named(path: Path) -> None:
    file = path / "predictions" / "test.parquet"
    table = pq.read_table(file, partitioning=None)
    for kept, message in (
        (table.drop_columns(["label"]), "no column label"),
        (table.drop_columns(["p:b"]), "no column p:b"),
        (table.select(["sample", "label"]), "no column predicted or p:<class>"),
        (table.slice(0, 0), "has no rows"),
        (table.rename_columns(["sample", "label", "label", *table.column_names[3:]]), "column label is there more than once"),
        (table.replace_schema_metadata({"epoch": "last"}), "metadata has epoch 'last'"),
    ):
        pq.write_table(kept, file)
        with pytest.raises(DermaiError, match=rf"test\.parquet.*{message}"):
            read_run(path)
    file.write_bytes(b"PAR1 and no more")
    with pytest.raises(DermaiError, match=r"test\.parquet is not a readable Parquet file"):
        read_run(path)


def test_samples_may_be_numbers(path: Path) -> None:
    replace_column(path / "predictions" / "test.parquet", "sample", [7, 8, 9, 10])
    assert list(read_run(path).predictions["test"].sample) == ["7", "8", "9", "10"]


@pytest.mark.parametrize(
    ("name", "values", "message"),
    [
        ("loss", ["x"] * 3, "column loss must hold numbers, not string"),
        ("loss", [[0.5]] * 3, "column loss must hold numbers, not list"),
        ("predicted", [0.5] * 3, "column predicted must hold whole numbers, not double"),
        ("predicted", [0, 1, 3], "class index 3"),
        ("label", [0, 2**40, 1], "class index 1099511627776"),
    ],
)
def test_columns_of_epochs_are_checked(path: Path, name: str, values: Any, message: str) -> None:
    replace_column(path / "predictions" / "val_epochs" / "0002.parquet", name, values)
    with pytest.raises(DermaiError, match=rf"0002\.parquet: .*{message}"):
        read_run(path)


def test_epoch_files_that_are_none_are_named(path: Path) -> None:
    folder = path / "predictions" / "val_epochs"
    table = pq.read_table(folder / "0001.parquet", partitioning=None)
    for kept, message in ((table.drop_columns(["label"]), "no column label"), (table.slice(0, 0), "has no rows")):
        pq.write_table(kept, folder / "0001.parquet")
        with pytest.raises(DermaiError, match=rf"0001\.parquet.*{message}"):
            read_run(path)
    pq.write_table(table, folder / "0001.parquet")
    for name in ("abc", "0000", "1", "²", "999999999"):
        pq.write_table(table, folder / f"{name}.parquet")
        with pytest.raises(DermaiError, match=rf"{name}\.parquet is not named after an epoch of its own"):
            read_run(path)
        (folder / f"{name}.parquet").unlink()
    assert read_run(path).val_epochs is not None


def test_large_losses_of_samples_are_read(path: Path) -> None:
    replace_column(path / "predictions" / "val_epochs" / "0002.parquet", "loss", [1e308, 0.5, 1.0])
    samples = read_run(path).val_epochs
    assert samples is not None
    assert samples.loss.dtype == np.float32
    assert samples.loss[1].tolist() == [np.inf, 0.5, 1.0]


@pytest.mark.parametrize("labels", [[1, 0, 1], [0, 1]])
def test_samples_in_another_order_are_left_out_with_a_note(tmp_path: Path, labels: list[int]) -> None:
    with RunWriter(tmp_path, classes=CLASSES) as run:
        run.log_epoch(val_samples=([0.5, 1.0, 2.0], [0, 1, 2], [0, 1, 1]))
        run.log_epoch(val_samples=([0.5] * len(labels), labels, labels))
    read = read_run(run.path)
    assert read.val_epochs is None
    assert any("differ between epochs 1 and 2" in note for note in read.notes)


def test_an_epoch_that_the_log_lacks_is_left_out_with_a_note(path: Path) -> None:
    log = path / "epochs.jsonl"
    log.write_bytes(log.read_bytes().splitlines(keepends=True)[0])
    run = read_run(path)
    assert run.val_epochs is not None
    assert run.val_epochs.epochs == (1,)
    assert any("has epoch 2, which the log lacks" in note for note in run.notes)


def test_epochs_are_ordered_by_number(tmp_path: Path) -> None:
    with RunWriter(tmp_path, classes=CLASSES) as run:
        for epoch in (9_999, 10_000):
            run.log_epoch(epoch=epoch, val_samples=([float(epoch)], [0], [0]))
    samples = read_run(run.path).val_epochs
    assert samples is not None
    assert samples.epochs == (9_999, 10_000)
    assert samples.loss[:, 0].tolist() == [9_999.0, 10_000.0]


# ---- resuming


def test_resuming_keeps_a_whole_last_line_and_names_a_broken_one(path: Path) -> None:
    log = path / "epochs.jsonl"
    log.write_bytes(log.read_bytes().rstrip(b"\n"))
    with RunWriter.resume(path) as run:
        run.log_epoch(val={"loss": 1.0})
    assert [e.epoch for e in read_run(path).epochs] == [1, 2, 3]
    log.write_bytes(b'{"epoch": 1}\n{broken}\n{"epoch": 3}\n')
    with pytest.raises(DermaiError, match=r"epochs\.jsonl, line 2"):
        RunWriter.resume(path)
