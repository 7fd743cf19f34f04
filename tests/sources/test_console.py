"""Printed logs of loops of one's own, in the spellings that people use."""

from pathlib import Path

import pytest

from dermai_report import DermaiError, read_run
from dermai_report.run import Run
from dermai_report.sources._spoken import said

CURVE = [(0.9, 0.61, 0.8, 0.65), (0.7, 0.70, 0.6, 0.72), (0.5, 0.80, 0.55, 0.79), (0.3, 0.91, 0.65, 0.77)]


def log(tmp_path: Path, text: str, name: str = "train.log") -> Path:
    (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path / name


def printed(tmp_path: Path, template: str, first: int = 1, head: str = "", tail: str = "") -> Run:
    """The curve printed by a template of an epoch's lines."""
    lines = [
        template.format(e=e, n=len(CURVE), tl=t, ta=a, vl=v, va=b, tp=100 * a, vp=100 * b)
        for e, (t, a, v, b) in enumerate(CURVE, first)
    ]
    return read_run(log(tmp_path, head + "\n".join(lines) + "\n" + tail))


def assert_curve(run: Run, *names: tuple[str, str]) -> None:
    assert [e.epoch for e in run.epochs] == [1, 2, 3, 4]
    column = {("train", "loss"): 0, ("train", "accuracy"): 1, ("val", "loss"): 2, ("val", "accuracy"): 3}
    for key in names or tuple(column):
        assert run.series(*key) == pytest.approx([row[column[key]] for row in CURVE]), key


SPELLINGS = {
    "pairs": "Epoch {e}: train_loss={tl}, train_acc={ta}, val_loss={vl}, val_acc={va}",
    "of": "Epoch {e}/{n} - Train Loss: {tl}, Train Accuracy: {tp:.2f}%, Validation Loss: {vl}, Validation Accuracy: {vp:.2f}%",
    "brackets": "[Epoch {e}] train_loss: {tl} train_acc: {ta} val_loss: {vl} val_acc: {va} lr: 0.0001",
    "bare": "epoch={e} loss={tl} acc={ta} val_loss={vl} val_acc={va} time=12.3s",
    "keras-like": "Epoch {e:03d} - loss: {tl} - acc: {ta} - val_loss: {vl} - val_acc: {va}",
    "sticky": "Epoch {e} | Train loss={tl}, acc={ta} | Val loss={vl}, acc={va}",
    "in brackets": "Epoch: {e} Train loss: {tl} (acc {tp:.1f}%) Valid loss: {vl} (acc {vp:.1f}%)",
    "logger": "2024-01-01 10:00:00,123 INFO [train.py:55] Epoch {e}, Training Loss: {tl}, Training Accuracy: {ta}, "
    "Validation Loss: {vl}, Validation Accuracy: {va}",
    "dict": "Epoch {e}: {{'train_loss': {tl}, 'train_acc': {ta}, 'val_loss': {vl}, 'val_acc': {va}}}",
    "tensor": "epoch {e} train_loss tensor({tl}, device='cuda:0') train_acc {ta} val_loss tensor({vl}) val_acc {va}",
    "tutorial": "Epoch {e}/{n}\n----------\ntrain Loss: {tl} Acc: {ta}\nval Loss: {vl} Acc: {va}\n",
    "indented": "Epoch: {e:02d} | Epoch Time: 0m 36s\n\tTrain Loss: {tl} | Train Acc: {tp:.2f}%\n\t Val. Loss: {vl} |  Val. Acc: {vp:.2f}%",
    "headings": "Epoch {e} of {n} took 12.314s\nTraining:\n  loss:\t\t{tl}\n  accuracy:\t\t{tp:.2f} %\nValidation:\n  loss:\t\t{vl}\n"
    "  accuracy:\t\t{vp:.2f} %",
    "count": "[{e}/{n}] train loss: {tl} train acc: {ta} val loss: {vl} val acc: {va}",
    "bars": "Epoch {e}: 100%|█████| 391/391 [00:22<00:00, 17.1it/s]\n\x1b[1mtrain\x1b[0m loss {tl} acc {ta}\nval loss {vl} acc {va}",
    "best beside": "Epoch {e} Train Loss: {tl} Acc: {ta} Val Loss: {vl} Acc: {va} Best Acc: 0.95",
    "best alone": "Epoch {e}: train loss {tl} acc {ta} val loss {vl} acc {va}\nBest val Acc: 0.99 (saved)",
    "checkpoint": "Saving model at Epoch {e} with Validation Accuracy: 99.0%\n"
    "Epoch {e}: train loss {tl} acc {ta} val loss {vl} acc {va}\nval_loss improved from 9.9 to 0.1, saving model",
    "batches": "Epoch [{e}/{n}], Step [100/200], Loss: 9.0\nEpoch [{e}/{n}], Step [200/200], Loss: 8.0\n"
    "Epoch {e} train loss {tl} train acc {ta} val loss {vl} val acc {va}",
    "ratio": "Epoch {e} train loss {tl} train acc {ta}\nVal set: Average loss: {vl}, Accuracy: {vp:.0f}/100 ({vp:.0f}%)",
    "quoted": "> Epoch {e}/{n}\n> train Loss: {tl} Acc: {ta}\n> val Loss: {vl} Acc: {va}",
}


@pytest.mark.parametrize("name", SPELLINGS)
def test_spellings(name: str, tmp_path: Path) -> None:
    run = printed(tmp_path, SPELLINGS[name])
    assert run.source == "console"
    assert_curve(run)
    assert run.epochs[0].at.startswith("train.log:")


def test_epochs_from_zero(tmp_path: Path) -> None:
    run = printed(tmp_path, SPELLINGS["tutorial"], first=0)
    assert_curve(run)
    assert any("counts epochs from 0" in n for n in run.notes)


def test_split_after_the_metric(tmp_path: Path) -> None:
    run = printed(tmp_path, "EPOCH {e}:\nLOSS train {tl} valid {vl}")
    assert_curve(run, ("train", "loss"), ("val", "loss"))


def test_loss_by_batches_is_their_mean(tmp_path: Path) -> None:
    batches = "Epoch [{e}/{n}], Step [100/200], Loss: 1.0\nEpoch [{e}/{n}], Step [200/200], Loss: 2.0\n"
    template = batches + "Epoch {e} - Validation Accuracy: {vp:.2f}%"
    run = printed(tmp_path, template)
    assert_curve(run, ("val", "accuracy"))
    assert run.series("train", "loss") == (1.5,) * 4
    assert any("logged by steps" in n for n in run.notes)


def test_test_of_every_epoch_is_validation_and_one_at_the_end_is_a_test(tmp_path: Path) -> None:
    run = printed(tmp_path, "Epoch {e}/{n}, Loss: {tl}, Train Acc: {tp:.2f}%, Test Acc: {vp:.2f}%")
    assert_curve(run, ("train", "loss"), ("train", "accuracy"), ("val", "accuracy"))
    assert any("taken as validation" in n for n in run.notes)
    run = printed(tmp_path, SPELLINGS["pairs"], tail="Final Test Loss: 0.61, Final Test Accuracy: 74.5%\n")
    assert_curve(run)
    assert run.test is not None
    assert (run.test.loss, run.test.accuracy) == pytest.approx((0.61, 0.745))


def test_only_a_progress_bar(tmp_path: Path) -> None:
    bar = "Epoch {e}: 100%|█████| 391/391 [00:22<00:00, 17.1it/s, loss={tl}, v_num=3, val_loss={vl}, val_acc={va}]"
    run = printed(tmp_path, bar)
    assert_curve(run, ("train", "loss"), ("val", "loss"), ("val", "accuracy"))
    assert any("progress bar" in n for n in run.notes)


def test_prose_around_a_log_is_no_part_of_it(tmp_path: Path) -> None:
    run = printed(
        tmp_path,
        SPELLINGS["pairs"],
        head="# Model\nIt reaches a validation accuracy of 99.9 %.\n",
        tail="The validation loss: 0.0001 was seen once.\nEarly stopping at epoch 9\n",
    )
    assert_curve(run)
    assert any("belong to no epoch were left out" in n for n in run.notes)


def test_two_runs_in_one_log_are_asked_about(tmp_path: Path) -> None:
    lines = [f"Epoch {e}: train loss {2.3 - 0.3 * e:.2f} val loss {2.4 - 0.2 * e:.2f}" for e in range(1, 6)]
    path = log(tmp_path, "\n".join(lines + lines))
    with pytest.raises(DermaiError, match="holds 2 runs") as caught:
        read_run(path)
    assert "--run 1" in caught.value.hint
    assert read_run(path, run="2").epochs[0].at == "train.log:6"


@pytest.mark.parametrize(
    "text",
    [
        "Model: Logistic Regression\nValidation Accuracy: 81.13%\nTest Accuracy:       79.57%\n",
        "Early stopping at epoch 17\nBest model saved at epoch 14 with val_loss 0.3\n",
        "num_epochs: 35\nbatch_size: 128\n",
    ],
)
def test_results_alone_are_no_log(text: str, tmp_path: Path) -> None:
    with pytest.raises(DermaiError, match="no known log format"):
        read_run(log(tmp_path, text))


def test_a_number_of_images_is_no_accuracy() -> None:
    line = said("Test Accuracy of the model on the 10000 test images: 97.1 %")
    assert list(line.values.values()) == ["0.971"]
    assert said("Train Epoch: 1 [640/60000 (1%)]\tLoss: 2.300039").batch


def test_a_very_long_line_is_cut(tmp_path: Path) -> None:
    noise = "Epoch 1 " + "loss " * 1_000 + "[" * 30_000
    run = printed(tmp_path, SPELLINGS["pairs"], head=noise + "\n")
    assert_curve(run)
