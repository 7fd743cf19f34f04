"""Dicts that a training prints among other lines, as the Trainer does."""

import json
from pathlib import Path

import pytest

from dermai_report import DermaiError, read_run

RECORDED = Path(__file__).parent / "recorded"


@pytest.mark.parametrize("name", ["hf_trainer_epochs_stdout", "hf_trainer_steps_stdout"])
def test_what_the_trainer_prints(name: str) -> None:
    run = read_run(RECORDED / name)
    best: dict[int, float] = {}
    for row in json.loads((RECORDED / f"{name}.truth.json").read_text())["evaluations"]:
        epoch = -int(-row["epoch"] // 1)
        best[epoch] = min(best.get(epoch, 9.0), row["loss"])
    assert run.source == "dict_lines"
    assert [e.epoch for e in run.epochs] == [1, 2, 3]
    assert run.series("val", "loss") == pytest.approx([best[e] for e in (1, 2, 3)], abs=1e-4)
    assert run.series("train", "loss")[2] < run.series("train", "loss")[0]


def test_among_progress_bars(tmp_path: Path) -> None:
    lines = [
        f"{{'loss': {2 - e}.25, 'grad_norm': nan, 'epoch': {e}.0}}\n  8%|8   | {e}/2 [00:10<00:10, 1it/s]\r"
        f"{{'eval_loss': 0.{7 - e}, 'eval_accuracy': 0.8, 'eval_runtime': 2.1, 'epoch': {e}.0}}\n"
        for e in (1, 2)
    ]
    end = "{'train_runtime': 100.0, 'train_loss': 9.0, 'epoch': 2.0}\n"
    (tmp_path / "train.log").write_text("***** Running training *****\n" + "".join(lines) + end)
    run = read_run(tmp_path / "train.log")
    assert run.series("train", "loss") == (1.25, 0.25)
    assert run.series("val", "loss") == (0.6, 0.5)
    assert run.epochs[1].at == "train.log:7"


def test_dicts_of_settings_are_no_log(tmp_path: Path) -> None:
    (tmp_path / "train.log").write_text("{'epochs': 3, 'lr': 0.1}\n{'epochs': 3, 'lr': 0.2}\n")
    with pytest.raises(DermaiError, match="no known log format"):
        read_run(tmp_path / "train.log")
