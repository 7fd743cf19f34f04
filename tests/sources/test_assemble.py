"""The traps of other tools' logs: each is read right and told, or asked about; nothing is picked silently."""

import json
import math
from pathlib import Path

import pytest

from dermai_report import DermaiError, diagnose, read_run
from dermai_report.run import Run


@pytest.fixture
def reading(tmp_path: Path):
    """Read a text as a log; choices go to read_run."""

    def read(text: str, name: str = "log.csv", **choices) -> Run:
        (tmp_path / name).write_bytes(text.encode())
        return read_run(tmp_path / name, **choices)

    return read


def column(run: Run, split: str, metric: str) -> list[float]:
    return [pytest.approx(v, nan_ok=True) for v in run.series(split, metric)]


def told(run: Run) -> str:
    return " ".join(run.notes)


def test_epochs_from_nought_and_places(reading) -> None:
    run = reading("epoch,train_loss,val_loss,val_acc\n0,1.0,1.1,0.5\n1,0.8,1.0,0.6\n")
    assert [e.epoch for e in run.epochs] == [1, 2]
    assert [e.at for e in run.epochs] == ["log.csv:2", "log.csv:3"]
    assert "from 0" in told(run)


def test_epochs_from_one_stay(reading) -> None:
    run = reading("epoch,train_loss,val_loss\n1,1.0,1.1\n2,0.8,1.0\n")
    assert [e.epoch for e in run.epochs] == [1, 2]
    assert "from 0" not in told(run)


@pytest.mark.parametrize("header", ["epoch,loss,val_loss", "epoch,train_loss,valid_loss,time"])
def test_epochs_from_one_below_the_header_of_a_framework(reading, header: str) -> None:
    rows = "".join(f"{e},1.0,{1 + abs(e - 2)}{',00:10' * header.count('time')}\n" for e in (1, 2, 3))
    assert [e.epoch for e in reading(f"{header}\n{rows}").epochs] == [1, 2, 3]
    resumed = reading(f"{header}\n" + rows[rows.index("\n") + 1 :])
    assert [e.epoch for e in resumed.epochs] == [3, 4], "that of the framework itself counts from 0"


def test_newest_row_first(reading) -> None:
    run = reading("epoch,train_loss,val_loss\n" + "".join(f"{e},{1 / e},{1 + abs(e - 2)}\n" for e in (4, 3, 2, 1)))
    assert [e.epoch for e in run.epochs] == [1, 2, 3, 4]
    assert column(run, "val", "loss") == [2.0, 1.0, 2.0, 3.0]


def test_losses_of_batches_in_a_list(reading) -> None:
    """A list far longer than those of validation holds batches, whose mean counts; one a few times as long holds epochs."""
    run = reading(json.dumps({"train_loss": [2.0, 1.0] * 10 + [0.75, 0.25] * 10, "val_loss": [1.5, 1.0]}), "h.json")
    assert column(run, "train", "loss") == [1.5, 0.5]
    assert column(run, "val", "loss") == [1.5, 1.0]
    assert "taken as 20 batches an epoch" in told(run)
    run = reading(json.dumps({"train_loss": [2.0, 1.0] * 5, "val_loss": [1.5, 1.0]}), "h.json")
    assert [e.epoch for e in run.epochs if e.val] == [5, 10]


@pytest.mark.parametrize("filler", ["0,0", "0.0,0.00", "-1,-1"])
def test_what_was_written_where_nothing_was_evaluated(reading, filler: str) -> None:
    rows = "".join(f"{e},1.0,{filler if e % 2 else f'{2 - 0.1 * e},0.{e}'}\n" for e in range(1, 7))
    run = reading("epoch,train_loss,val_loss,val_acc\n" + rows)
    assert [e.epoch for e in run.epochs if e.val] == [2, 4, 6]
    assert len(run.epochs) == 6
    assert "3 rows say" in told(run)
    assert "(log.csv:2)" in told(run)


@pytest.mark.parametrize("rows", ["1,1,0,0\n2,1,0,0\n", "1,1,0,1\n2,1,.5,.9\n", "1,1,-1,.5\n2,1,-2,.6\n"])
def test_noughts_that_may_be_measured_stay(reading, rows: str) -> None:
    run = reading("epoch,train_loss,val_loss,val_acc\n" + rows)
    assert [e.epoch for e in run.epochs if "loss" in e.val] == [1, 2]


@pytest.mark.parametrize("word", ["best", "Mean", "test"])
def test_a_row_that_sums_up_is_no_epoch(reading, word: str) -> None:
    run = reading(f"epoch,train_loss,val_loss\n1,1.0,1.1\n2,0.9,1.0\n{word},0.1,0.1\n")
    assert column(run, "val", "loss") == [1.1, 1.0]
    assert "1 rows have a word where the others have an epoch (log.csv:4)" in told(run)


def test_a_row_called_test_holds_the_test(reading) -> None:
    run = reading("epoch,train_loss,val_loss,test_loss\n1,1.0,1.1,\n2,0.9,1.0,\ntest,,,1.2\n")
    assert run.test is not None
    assert run.test.loss == 1.2
    assert len(run.epochs) == 2


def test_no_epoch_column_counts_rows(reading) -> None:
    assert [e.epoch for e in reading("train_loss\tval_loss\n1.0\t1.1\n0.9\t1.0\n").epochs] == [1, 2]


def test_same_epoch_in_every_row(reading) -> None:
    run = reading("epoch,loss,val_loss\n0,1.0,1.1\n0,0.8,1.0\n0,0.7,0.9\n")
    assert [e.epoch for e in run.epochs] == [1, 2, 3]
    assert "Every row says epoch 0" in told(run)


def test_restart_that_goes_on_is_numbered_on(reading) -> None:
    run = reading("epoch,loss,val_loss\n0,2.0,2.1\n1,1.0,1.2\n2,0.8,1.0\n0,0.7,0.9\n1,0.6,0.8\n")
    assert [e.epoch for e in run.epochs] == [1, 2, 3, 4, 5]
    assert "numbered on" in told(run)


def test_short_parts_are_numbered_on(reading) -> None:
    rows = "".join(f"{i % 2},{2.0 - 0.2 * i},{2.1 - 0.2 * i}\n" for i in range(8))
    assert len(reading("epoch,loss,val_loss\n" + rows).epochs) == 8


def test_restart_from_the_beginning_is_another_run(reading) -> None:
    text = "epoch,loss,val_loss\n0,2.0,2.1\n1,1.0,1.2\n2,0.8,1.0\n0,2.1,2.2\n1,0.9,1.1\n"
    with pytest.raises(DermaiError, match="holds 2 runs, one after") as caught:
        reading(text)
    assert "--run" in caught.value.hint
    assert column(reading(text, run="2"), "train", "loss") == [2.1, 0.9]
    assert column(reading(text, run="1"), "train", "loss") == [2.0, 1.0, 0.8]


def test_repeated_epochs_the_last_wins(reading) -> None:
    run = reading(
        "epoch,train_loss,eval_loss,eval_top1\n" + "".join(f"{e},{2 - 0.1 * e},1,50\n" for e in (0, 1, 2, 3, 2, 3, 4))
    )
    assert [e.epoch for e in run.epochs] == [1, 2, 3, 4, 5]
    assert run.epochs[2].at == "log.csv:6"
    assert "more than once" in told(run)


def test_second_header_with_a_further_column(reading) -> None:
    run = reading("epoch,train_loss,val_loss\n1,1.0,1.1\nepoch,train_loss,val_loss,val_acc\n2,0.9,1.0,0.7\n")
    assert column(run, "val", "accuracy") == [math.nan, 0.7]
    assert "header 2 times" in told(run)


def test_rows_after_the_fit_are_no_epoch(reading) -> None:
    text = "epoch,step,test_loss,train_loss,val_acc,val_loss\n0,9,,1.0,,\n0,9,,,0.5,1.1\n1,19,,0.8,,\n1,19,,,0.6,1.0\n"
    run = reading(text + "2,20,,,0.99,0.01\n2,20,0.02,,,\n")
    assert len(run.epochs) == 2
    assert column(run, "val", "loss") == [1.1, 1.0]
    assert "after training" in told(run)
    assert run.test is not None
    assert run.test.loss == 0.02
    assert run.test_at["loss"] == "log.csv:7"


def test_sparse_training_rows_lose_no_epoch(reading) -> None:
    """Training logged every 50 steps, 13 steps an epoch: most epochs have no row of training, the last ones neither."""
    rows = [f"{e},{13 * e + 12},,{1 / (e + 1)}" for e in range(10)]
    rows[3] = "3,49,0.9,\n" + rows[3]
    rows[7] = "7,99,0.7,\n" + rows[7]
    assert len(reading("epoch,step,train_loss,val_loss\n" + "\n".join(rows) + "\n").epochs) == 10


def test_check_before_training_is_no_result(reading) -> None:
    run = reading("epoch,train_loss,val_loss,val_acc\n0,,2.3,0.1\n1,1.0,1.1,0.5\n2,0.8,1.0,0.6\n")
    assert [e.epoch for e in run.epochs] == [1, 2]
    assert "before training" in told(run)


def test_steps_of_an_epoch_become_their_mean(reading) -> None:
    run = reading("epoch,step,train_loss,val_loss\n0,1,1.0,\n0,2,0.8,\n0,2,,1.1\n1,3,0.6,\n1,4,0.4,\n1,4,,1.0\n")
    assert column(run, "train", "loss") == [0.9, 0.5]
    assert "mean of the 2" in told(run)


def test_mean_under_the_same_name_wins_over_steps(reading) -> None:
    run = reading(
        "epoch,step,train_loss,val_loss\n0,1,1.0,\n0,2,0.2,\n0,2,,1.1\n0,2,0.6,\n1,3,0.6,\n1,4,0.1,\n1,4,,1.0\n1,4,0.35,\n"
    )
    assert column(run, "train", "loss") == [0.6, 0.35]


def test_several_evaluations_in_an_epoch(reading) -> None:
    run = reading("epoch,step,train_loss,val_loss,val_acc\n0.5,5,1,1.1,.5\n1.0,10,.9,.9,.7\n1.5,15,.8,.7,.8\n2.0,20,.7,.8,.9\n")
    assert column(run, "val", "loss") == [0.9, 0.7]
    assert column(run, "val", "accuracy") == [0.7, 0.8]
    assert "several times in an epoch" in told(run)


@pytest.mark.parametrize(("logged", "epoch"), [(0.99, 1), (1.0, 1), (1.003, 1), (1.8, 2), (33.99, 34)])
def test_fractions_of_epochs_round_up(reading, logged: float, epoch: int) -> None:
    run = reading(f"epoch,val_loss,val_acc\n0.4,1.0,0.5\n{logged},0.5,0.6\n")
    assert run.epochs[-1].epoch == epoch


def test_validation_every_few_epochs(reading) -> None:
    rows = "".join(f"{e},{1 / e},{2 / e if e % 5 == 0 else ''}\n" for e in range(1, 11))
    run = reading("epoch,train_loss,val_loss\n" + rows)
    assert [e.epoch for e in run.epochs if e.val] == [5, 10]
    assert len(run.epochs) == 10


def test_steps_without_epochs_end_with_each_validation(reading) -> None:
    run = reading("step,train_loss,val_loss\n100,1.0,\n200,0.9,1.1\n300,0.7,\n400,0.6,1.0\n")
    assert column(run, "val", "loss") == [1.1, 1.0]
    assert column(run, "train", "loss") == [0.95, 0.65]
    assert "no epochs" in told(run)


def test_steps_alone_are_refused(reading) -> None:
    with pytest.raises(DermaiError, match="by steps alone"):
        reading("step,train_loss\n" + "".join(f"{i},{1 / (i + 1)}\n" for i in range(0, 500, 10)))


def test_test_with_every_epoch_is_validation(reading) -> None:
    run = reading("epoch,train_loss,test_loss,test_acc\n1,1,1.2,50.5\n2,0.8,1.0,60\n")
    assert column(run, "val", "accuracy") == [0.505, 0.6]
    assert "taken as validation" in told(run)
    assert run.test is None


def test_test_beside_validation_is_kept_apart(reading) -> None:
    run = reading("epoch,train_loss,val_loss,test_loss\n1,1,1.2,1.3\n2,0.8,1.0,1.1\n")
    assert run.epochs[1].extra["test"] == {"loss": 1.1}
    assert run.test is None


def test_test_alone(reading) -> None:
    run = reading("epoch,step,test_acc,test_loss\n0,0,0.95,0.15\n")
    assert run.epochs == ()
    assert run.test is not None
    assert (run.test.loss, run.test.accuracy) == (0.15, 0.95)
    assert "test alone" in told(run)
    assert diagnose(run).test.accuracy == 0.95


@pytest.mark.parametrize(
    ("header", "row", "split"),
    [
        ("epoch,loss,acc,val_loss,val_acc", "{e},1,0.4,1,0.5", "train"),
        ("epoch,train_loss,valid_loss,accuracy", "{e},1,1,0.4", "val"),
        ("epoch,acc,loss", "{e},0.4,1", "train"),
        ("acc,epoch,step,val_loss", "0.4,{e},1{e},1", "val"),
    ],
)
def test_accuracy_without_a_split(reading, header: str, row: str, split: str) -> None:
    run = reading(header + "\n" + "".join(row.format(e=e) + "\n" for e in (0, 1)))
    assert column(run, split, "accuracy") == [0.4, 0.4]


def test_accuracy_that_may_be_either_is_asked_about(reading) -> None:
    text = "epoch,train_loss,accuracy\n1,1.0,0.4\n2,0.9,0.5\n"
    with pytest.raises(DermaiError, match="may be of training or of validation") as caught:
        reading(text)
    assert "--column val_accuracy=accuracy" in caught.value.hint
    assert column(reading(text, columns={"val_accuracy": "accuracy"}), "val", "accuracy") == [0.4, 0.5]
    assert column(reading(text, columns={"train_accuracy": "accuracy"}), "train", "accuracy") == [0.4, 0.5]


def test_rivals_are_asked_about(reading) -> None:
    text = "epoch,loss,val_loss,val_left_accuracy,val_right_accuracy\n1,1,1,.5,.6\n2,.9,.9,.6,.7\n"
    with pytest.raises(DermaiError, match="could be the validation accuracy: 'val_left_accuracy', 'val_right_accuracy'"):
        reading(text)
    run = reading(text, columns={"val_accuracy": "val_right_accuracy"})
    assert column(run, "val", "accuracy") == [0.6, 0.7]


def test_unknown_column_names_the_nearest(reading) -> None:
    with pytest.raises(DermaiError, match=r"no column of numbers 'val_los' in log\.csv") as caught:
        reading("epoch,loss,val_loss\n1,1,1\n", columns={"val_loss": "val_los"})
    assert "val_loss" in caught.value.hint


def test_decoys(reading) -> None:
    run = reading(
        "epoch,train_loss,val_loss,best_val_so_far,val_top_5_accuracy,val_accuracy\n1,1,1.0,1.0,.9,.5\n2,.9,1.1,1.0,.95,.4\n"
    )
    assert column(run, "val", "loss") == [1.0, 1.1]
    assert column(run, "val", "accuracy") == [0.5, 0.4]
    assert column(run, "val", "top5_accuracy") == [0.9, 0.95]


def test_plain_name_wins_over_a_qualified_one(reading) -> None:
    run = reading("epoch,train_loss,Test Loss,Test Robust Loss\n1,1,1.0,3\n2,.9,1.1,2\n")
    assert column(run, "val", "loss") == [1.0, 1.1]


def test_columns_named_train_and_val_are_losses(reading) -> None:
    run = reading("epoch,train,val,train_acc,val_acc\n1,0.5,0.6,nan,nan\n2,0.4,0.5,nan,nan\n")
    assert column(run, "val", "loss") == [0.6, 0.5]
    assert not run.has("val", "accuracy")
    assert "Nothing but NaN" in told(run)


def test_nan_is_not_blank(reading) -> None:
    run = reading("epoch,train_loss,val_loss\n1,1.0,NA\n2,nan,1.0\n")
    assert "loss" not in run.epochs[0].val
    assert math.isnan(run.epochs[1].train["loss"])


@pytest.mark.parametrize(
    ("values", "expected"), [((50, 60), (0.5, 0.6)), ((0.5, 0.6), (0.5, 0.6)), ((0.4, 7.0), (0.004, 0.07))]
)
def test_percent_and_fraction(reading, values, expected) -> None:
    run = reading("epoch,train_loss,val_loss,val_acc\n" + "".join(f"{i},1,1,{v}\n" for i, v in enumerate(values, 1)))
    assert column(run, "val", "accuracy") == list(expected)


def test_percent_and_fraction_in_one_file(reading) -> None:
    run = reading("epoch,train_loss,train_acc,val_loss,val_acc\n1,1,0.5,1,52\n2,.9,0.9,1,61\n")
    assert column(run, "train", "accuracy") == [0.5, 0.9]
    assert column(run, "val", "accuracy") == [0.52, 0.61]


def test_unit_that_changes_midway(reading) -> None:
    values = (0.80, 0.82, 0.84, 85.1, 86.0)
    run = reading("epoch,loss,val_loss,val_acc\n" + "".join(f"{i},1,1,{v}\n" for i, v in enumerate(values)))
    assert column(run, "val", "accuracy") == [0.80, 0.82, 0.84, 0.851, 0.86]
    assert "change from fractions to percent" in told(run)


@pytest.mark.parametrize("values", [(0.5, 0.7, 19.9), (0.5, 180.0, 200.0), (-3.0, 0.5, 0.6)])
def test_accuracy_that_is_neither_is_left_out(reading, values) -> None:
    run = reading("epoch,train_loss,val_loss,val_acc\n" + "".join(f"{i},1,1,{v}\n" for i, v in enumerate(values, 1)))
    assert not run.has("val", "accuracy")
    assert "neither" in told(run)


def test_error_rate_alone(reading) -> None:
    run = reading("epoch,train_loss,val_loss,val_error\n1,1,1,40\n2,1,1,30\n")
    assert column(run, "val", "accuracy") == [0.6, 0.7]


def test_rows_of_a_split_each(reading) -> None:
    text = "phase,epoch,loss,acc\ntrain,1,1.0,.5\nval,1,1.1,.4\ntrain,2,.9,.6\nval,2,1.0,.5\n"
    run = reading(text)
    assert column(run, "train", "loss") == [1.0, 0.9]
    assert column(run, "val", "accuracy") == [0.4, 0.5]


def test_several_models_in_one_file(reading) -> None:
    text = "model,epoch,train_loss,val_loss\n" + "".join(f"{m},{e},1,{e}\n" for m in ("resnet", "vgg") for e in (1, 2, 3))
    with pytest.raises(DermaiError, match="2 runs, by its column 'model': resnet, vgg"):
        reading(text)
    assert len(reading(text, run="vgg").epochs) == 3


@pytest.mark.parametrize("name", ["optimizer", "setting", "run_name"])
def test_rows_of_several_runs_side_by_side_are_asked_about(reading, name: str) -> None:
    rows = "".join(f"{e},{kind},1,{loss / e}\n" for e in (1, 2, 3) for kind, loss in (("adam", 2), ("sgd", 3)))
    text = f"epoch,{name},train_loss,val_loss\n{rows}"
    with pytest.raises(DermaiError, match=f"2 runs, by its column '{name}': adam, sgd"):
        reading(text)
    assert column(reading(text, run="adam"), "val", "loss") == [2.0, 1.0, pytest.approx(2 / 3)]
    assert len(reading(text + f"4,{'adam'},1,.5\n", run="adam").epochs) == 4  # the other one ended sooner


@pytest.mark.parametrize("words", ["same,same,same,same,same,same", "a,a,b,b,a,a", "1s,2s,3s,4s,5s,6s"])
def test_words_that_do_not_tell_repeated_epochs_apart_name_no_run(reading, words: str) -> None:
    rows = "".join(f"{e},x {w},1,{e}\n" for e, w in zip((1, 1, 2, 2, 3, 3), words.split(","), strict=True))
    assert len(reading(f"epoch,remark,train_loss,val_loss\n{rows}").epochs) == 3


@pytest.mark.parametrize(
    ("header", "task"),
    [
        ("epoch,train/box_loss,val/box_loss,metrics/mAP50(B)", "detection"),
        ("epoch,train_loss,val_loss,val_mIoU", "segmentation"),
        ("epoch,loss,val_loss,mae,val_mae", "regression"),
    ],
)
def test_other_tasks_are_refused(reading, header: str, task: str) -> None:
    row = ",".join(["1"] + ["0.5"] * header.count(","))
    with pytest.raises(DermaiError, match=f"is the log of a {task} run"):
        reading(f"{header}\n{row}\n{row}\n")


def test_seconds_that_run_on(reading) -> None:
    run = reading("epoch,time,train_loss,val_loss\n" + "".join(f"{e},{10.0 * e},1,1\n" for e in range(1, 7)))
    assert [e.seconds for e in run.epochs] == [10.0] * 6


def test_a_report_of_it(reading) -> None:
    run = reading(
        "epoch,train_loss,val_loss,val_acc\n" + "".join(f"{e},{1 / e},{1 / e + 0.02 * e},{50 + e}\n" for e in range(1, 13))
    )
    report = diagnose(run)
    assert report.best_epoch.epoch == 7
    assert any("percent" in n for n in report.notes)


def test_an_epoch_cut_off_is_left_out(reading) -> None:
    run = reading(
        "epoch,step,train_loss,val_loss\n0,1,1.0,\n0,2,0.8,\n0,2,,1.1\n1,3,0.6,\n1,4,0.4,\n1,4,,1.0\n2,5,0.3,\n2,6,0.2,\n"
    )
    assert [e.epoch for e in run.epochs] == [1, 2]
    assert "stopped within epoch 3" in told(run)


@pytest.mark.parametrize("odd", ["", "9, 0.5 ,00:12\n", "x,y,z\n"])
def test_large_tables_are_read_as_small_ones(reading, monkeypatch: pytest.MonkeyPatch, odd: str) -> None:
    """pyarrow reads large files; what it makes of clean rows, padded ones and words is what the reader of small files makes of them."""
    text = "epoch,val_loss,time\n" + "".join(f"{e},{1 / e},00:{e + 10}\n" for e in range(3, 9)) + odd
    small = reading(text)
    monkeypatch.setattr("dermai_report.sources._csv.LARGE", 0)
    large = reading(text)
    assert column(large, "val", "loss") == list(small.series("val", "loss"))
    assert [(e.epoch, e.seconds, e.at) for e in large.epochs] == [(e.epoch, e.seconds, e.at) for e in small.epochs]


def test_large_json_lines_are_read_as_small_ones(reading, monkeypatch: pytest.MonkeyPatch) -> None:
    text = '{"epoch": 1, "train": {"loss": 1.0}, "val": {"loss": NaN}}\n{"epoch": 2, "train": {"loss": 0.5}, "val": {"loss": 0.7}}\n'
    small = reading(text, name="log.jsonl")
    monkeypatch.setattr("dermai_report.sources._json_tables.LARGE", 0)
    large = reading(text, name="log.jsonl")
    assert column(large, "val", "loss") == [pytest.approx(math.nan, nan_ok=True), 0.7]
    assert [(e.epoch, dict(e.train), e.at) for e in large.epochs] == [(e.epoch, dict(e.train), e.at) for e in small.epochs]


def test_an_epoch_before_a_second_fit_counts(reading) -> None:
    """fastai's fine_tune: an epoch with the body frozen, then a fit of its own with its own header."""
    header = "epoch,train_loss,valid_loss,accuracy,time\n"
    run = reading(header + "0,1.0,1.0,0.5,00:10\n" + header + "0,0.8,0.9,0.6,00:20\n1,0.7,0.8,0.7,00:20\n")
    assert column(run, "train", "loss") == [1.0, 0.8, 0.7]
    run = reading(header + "0,1.0,1.0,0.5,00:10\n" + header + "0,1.01,0.9,0.6,00:20\n1,0.7,0.8,0.7,00:20\n")
    assert column(run, "train", "loss") == [1.01, 0.7]


def test_losses_that_are_never_numbers_have_diverged(reading) -> None:
    run = reading("epoch,train_loss,train_acc,val_loss,val_acc\n1,nan,.1,nan,.1\n2,nan,.1,nan,.1\n")
    assert all(math.isnan(e.train["loss"]) for e in run.epochs)
    assert any(f.rule == "not_finite" for f in diagnose(run).findings)
