"""What Keras, ImageNet's training scripts, MMEngine and model cards print, in the variants that differ from the recorded ones."""

from pathlib import Path

import pytest

from dermai_report import DermaiError, read_run
from dermai_report.run import Run


def read(tmp_path: Path, text: str, source: str, run: str | None = None) -> Run:
    path = tmp_path / "log.md"
    path.write_bytes(text.encode())
    found = read_run(path, run=run)
    assert found.source == source
    return found


BAR = "[==============================]"
KERAS = {
    "keras 1": "# Epoch {e}/3\n9000/9600 [====>.] - ETA: 0s - loss: 9.9 - acc: 0.1Epoch 0000{z}: val_loss did not improve\n"
    "9600/9600 {bar} - 2s - loss: {a} - acc: 0.5 - val_loss: {b} - val_acc: {c}\n",
    "microseconds": "    Epoch {e}/3\n    60/60 {bar} - 2s 33us/step - loss: {a} - accuracy: 0.5 - val_loss: {b} - val_accuracy: {c}\n",
    "backspaces": "Epoch {e}/3\n\r 1/60 [....] - ETA: 1s - loss: 9.0 - accuracy: 0.1\b\b\b\b\b\r60/60 {bar} - 2s - loss: {a}"
    " - accuracy: 0.5 - val_loss: {b} - val_accuracy: {c}\n",
    "one line": "Epoch {e}/3\n - 7s - loss: {a} - acc: 0.5 - val_loss: {b} - val_acc: {c}\n",
    "commented": "# Epoch {e}/3\n#  - 7s - loss: {a} - acc: 0.5 - val_loss: {b} - val_acc: {c}\n",
    "keras 3": "Epoch {e}/3\n\x1b[1m60/60\x1b[0m \x1b[32m━━━━\x1b[0m\x1b[37m\x1b[0m \x1b[1m2s\x1b[0m 9ms/step - accuracy: 0.5 - loss: {a}"
    " - val_accuracy: {c} - val_loss: {b}\n",
    "checkpoints": "Epoch {e}/3\n60/60 {bar} - 2s - loss: {a} - accuracy: 0.5 - val_loss: {b} - val_accuracy: {c}\n"
    "Epoch {e}: val_loss improved from 9.0 to 0.1, saving model to best.keras\n",
}


@pytest.mark.parametrize("name", KERAS)
def test_bars_of_keras(name: str, tmp_path: Path) -> None:
    curve = [(0.9, 0.8, 0.6), (0.7, 0.6, 0.7), (0.5, 0.7, 0.65)]
    text = "".join(KERAS[name].format(e=e, z=e - 1, bar=BAR, a=a, b=b, c=c) for e, (a, b, c) in enumerate(curve, 1))
    run = read(tmp_path, text, "keras_stdout")
    assert [e.epoch for e in run.epochs] == [1, 2, 3]
    assert run.series("train", "loss") == (0.9, 0.7, 0.5)
    assert run.series("val", "loss") == (0.8, 0.6, 0.7)
    assert run.series("val", "accuracy") == (0.6, 0.7, 0.65)


def test_an_evaluation_after_the_fit_is_no_epoch(tmp_path: Path) -> None:
    fit = "".join(f"Epoch {e}/2\n60/60 {BAR} - 2s - loss: 0.{9 - e} - accuracy: 0.{5 + e}\n" for e in (1, 2))
    run = read(tmp_path, f"{fit}10/10 {BAR} - 0s - loss: 0.1 - accuracy: 0.99\n", "keras_stdout")
    assert run.series("train", "accuracy") == (0.6, 0.7)


def test_lines_quoted_above_the_log_are_left_out(tmp_path: Path) -> None:
    line = "Epoch {e}/4\n60/60 " + BAR + " - 2s - loss: {a} - val_loss: {b}\n"
    log = "".join(line.format(e=e, a=1 - e / 10, b=1.1 - e / 10) for e in range(1, 5))
    run = read(tmp_path, line.format(e=3, a=0.01, b=0.01) + log, "keras_stdout")
    assert len(run.epochs) == 4
    assert run.epochs[2].val["loss"] == pytest.approx(0.8)
    assert any("of no whole training" in n for n in run.notes)


def test_deit_prints_the_mean_loss(tmp_path: Path) -> None:
    text = "".join(
        f"Epoch: [{e}]  [ 0/10]  eta: 0:01:00  lr: 0.001  loss: 9.0000 (9.0000)  time: 0.1  data: 0.0\n"
        f"Averaged stats: lr: 0.001  loss: 2.0000 ({1.5 - e / 10:.4f})\n"
        f"* Acc@1 {70 + e}.500 Acc@5 90.100 loss {0.9 + e / 10:.3f}\n"
        for e in range(3)
    )
    run = read(tmp_path, text, "torchvision_stdout")
    assert run.series("train", "loss") == pytest.approx((1.5, 1.4, 1.3))
    assert run.series("val", "loss") == pytest.approx((0.9, 1.0, 1.1))
    assert run.series("val", "accuracy") == pytest.approx((0.705, 0.715, 0.725))
    assert not any("validation loss" in n or "running mean" in n for n in run.notes)


def test_swin_and_timm(tmp_path: Path) -> None:
    swin = "".join(
        f"[2024-01-01 10:00:00 swin] (main.py 251): INFO Train: [{e}/3][0/100]\teta 0:01:00 lr 0.000100\tloss 9.0 (9.0)\n"
        f"[2024-01-01 10:00:00 swin] (main.py 251): INFO Train: [{e}/3][99/100]\teta 0:01:00 lr 0.000100\tloss 2.0 ({2 - e / 10})\n"
        "[2024-01-01 10:00:00 swin] (main.py 299): INFO Test: [0/49]\tLoss 9.9 (9.9)\tAcc@1 1.0 (1.0)\tAcc@5 2.0 (2.0)\n"
        f"[2024-01-01 10:00:00 swin] (main.py 303): INFO  * Acc@1 {60 + e}.000 Acc@5 90.000\n"
        for e in range(3)
    )
    run = read(tmp_path, swin, "torchvision_stdout")
    assert run.series("train", "loss") == pytest.approx((2.0, 1.9, 1.8))
    assert run.series("val", "accuracy") == pytest.approx((0.6, 0.61, 0.62))
    timm = "".join(
        f"Train: {e} [   0/1251 (  0%)]  Loss: 9.0 (9.0)  Time: 0.5s  LR: 1.000e-06  Data: 0.1\n"
        f"Train: {e} [1250/1251 (100%)]  Loss: 2.0 ({2 - e / 10})  Time: 0.5s  LR: 1.000e-06  Data: 0.1\n"
        "Test: [   0/48]  Time: 0.1 (0.1)  Loss:  9.9 (9.9)  Acc@1: 1.0 ( 1.0)  Acc@5: 2.0 ( 2.0)\n"
        f"Test: [  48/48]  Time: 0.1 (0.1)  Loss:  0.9 ({1 + e / 10})  Acc@1: 88.0 ({60 + e}.000)  Acc@5: 95.0 (90.0)\n"
        f"Test (EMA): [  48/48]  Time: 0.1 (0.1)  Loss:  0.9 (5.0)  Acc@1: 88.0 (50.000)  Acc@5: 95.0 (90.0)\n"
        for e in range(3)
    )
    run = read(tmp_path, timm, "torchvision_stdout")
    assert run.series("val", "loss") == pytest.approx((1.0, 1.1, 1.2))
    assert run.series("val", "accuracy") == pytest.approx((0.6, 0.61, 0.62))
    assert run.epochs[0].lr == (1e-6,)


def test_mmcls_and_lines_without_a_logger(tmp_path: Path) -> None:
    text = "".join(
        f"2023-02-05 14:23:32,180 - mmcls - INFO - Epoch [{e}][50/100]\tlr: 2.000e-03, eta: 0:01:00, time: 0.1, data_time: 0.0, "
        f"memory: 46, loss: {1.2 - e / 10:.4f}\n2023-02-05 14:23:33,180 - mmcls - INFO - Epoch [{e}][100/100]\tlr: 2.000e-03, eta: "
        f"0:01:00, time: 0.1, data_time: 0.0, memory: 46, loss: {1.0 - e / 10:.4f}\n"
        f"2023-02-05 14:24:32,180 - mmcls - INFO - Epoch(val) [{e}][18]\taccuracy_top-1: {60 + e}.0, accuracy_top-5: 99.0\n"
        for e in (1, 2, 3)
    )
    run = read(tmp_path, text, "mm_text")
    assert run.series("train", "loss") == pytest.approx((1.0, 0.9, 0.8))
    assert run.series("val", "accuracy") == pytest.approx((0.61, 0.62, 0.63))
    assert run.epochs[0].lr == (0.002,)
    with pytest.raises(DermaiError, match="log of a detection run"):
        read(tmp_path, "Epoch(val) [98][116/116]  coco/bbox_mAP: 0.9680  coco/bbox_mAP_50: 1.0000\n" * 2, "mm_text")


CARD = """| Training Loss | Epoch | Step | Validation Loss | Accuracy |
|:-------------:|:-----:|:----:|:---------------:|:--------:|
| No log        | 1.0   | 100  | 0.6             | 0.7      |
| 0.5           | 2.0   | 200  | **0.4**         | 🎉 0.85  |
| 0.3           | 3.0   | 300  | 0.5             | `0.84`   |
"""


@pytest.mark.parametrize("blank", [False, True])
def test_tables_of_model_cards(blank: bool, tmp_path: Path) -> None:
    text = "# Model\n\n| Key | Value |\n|---|---|\n| lr | 0.1 |\n| epochs | 3 |\n\n" + (
        CARD.replace("\n", "\n\n") if blank else CARD
    )
    run = read(tmp_path, text, "markdown_table")
    assert run.series("val", "loss") == (0.6, 0.4, 0.5)
    assert run.series("val", "accuracy") == (0.7, 0.85, 0.84)
    assert run.epochs[0].train == {}
    assert run.epochs[1].at == f"log.md:{23 - 8 if blank else 11}" or run.epochs[1].at.startswith("log.md:")


def test_several_tables_are_asked_about(tmp_path: Path) -> None:
    text = f"{CARD}\nand\n\n{CARD.replace('0.4', '0.3')}"
    with pytest.raises(DermaiError, match="2 tables of epochs"):
        read(tmp_path, text, "markdown_table")
    assert read(tmp_path, text, "markdown_table", run="9").epochs[1].val["loss"] == 0.3


LINES = {
    "console": "Epoch {e}: train loss 0.5 val loss 0.6\n",
    "keras_stdout": "Epoch {e}/2\n6/6 [====] - 1s - loss: 0.5 - val_loss: 0.6\n",
    "torchvision_stdout": "Epoch: [{e}]  [5/8]  eta: 0:00:00  loss: 2.2 (0.5)  acc1: 15.0 (19.0)\nTest:  Acc@1 22.333 Acc@5 64.000\n",
    "mm_text": "Epoch(train) [{e}][8/8]  lr: 0.1  eta: 0:00:00  loss: 0.5\nEpoch(val) [{e}][18]  accuracy_top-1: 95.1\n",
}
STARTS = ("", "Epoch ", "Epoch 1/2 ", "Epoch: [0][1/2]\t", "Test: ", "Epoch(val) [1][1]  ", "6/6 ", "| ")


@pytest.mark.parametrize("run", [" ", "\t", "1", "9.", "a", " - ", "|", "- a", "loss: ", "x "])
@pytest.mark.parametrize("name", LINES)
def test_long_runs_of_one_thing_are_read_through(name: str, run: str, tmp_path: Path) -> None:
    """Patterns that try every way to part a long run would not come to an end here."""
    noise = "".join(f"{start}{run * (20_000 // len(run))}!\n" for start in STARTS)
    (tmp_path / "log").write_text(LINES[name].format(e=1) + noise + LINES[name].format(e=2))
    try:
        found = read_run(tmp_path / "log", source=name)
    except DermaiError:
        return
    assert found.epochs
