"""Tables written by the real tools are read to the numbers that the tool itself had."""

import json
from pathlib import Path

import pytest

from dermai_report import read_run

RECORDED = Path(__file__).parent / "recorded"
SOURCES = {
    "lightning_csv": "lightning_csv",
    "lightning_csv_epochs": "lightning_csv",
    "keras_csv": "keras_csv",
    "keras_csv_appended": "keras_csv",
    "keras_history_csv": "keras_history_csv",
    "keras_history_csv_index": "keras_history_csv",
    "keras_history_pandas_json": "table_json",
    "keras_history_pandas_records": "table_json",
    "keras_history_pandas_split": "table_json",
    "fastai_csv": "fastai_csv",
    "fastai_csv_appended": "fastai_csv",
    "fastai_csv_error_rate": "fastai_csv",
    "timm_csv": "timm_csv",
    "timm_csv_resumed": "timm_csv",
    "ultralytics_csv": "ultralytics_csv",
}


@pytest.mark.parametrize("name", SOURCES)
def test_read_as_the_tool_saw_it(name: str) -> None:
    run = read_run(RECORDED / name)
    truth = json.loads((RECORDED / f"{name}.truth.json").read_text())
    assert run.source == SOURCES[name]
    assert [e.epoch for e in run.epochs] == list(range(1, len(truth["epochs"]) + 1))
    for logged, true in zip(run.epochs, truth["epochs"], strict=True):
        for split, metrics in true.items():
            for metric, value in metrics.items():
                assert logged.metric(split, metric) == pytest.approx(value, abs=1e-6), (logged.at, split, metric)
    if truth.get("test"):
        assert run.test is not None
        assert (run.test.loss, run.test.accuracy) == pytest.approx((truth["test"]["loss"], truth["test"]["accuracy"]))


def test_what_stands_beside_is_kept() -> None:
    assert read_run(RECORDED / "lightning_csv").config == {"lr": 0.3, "on_step": True}
    assert read_run(RECORDED / "timm_csv").config["model"] == "resnet18"
    ultralytics = read_run(RECORDED / "ultralytics_csv")
    assert ultralytics.config["task"] == "classify"
    assert [e.seconds for e in ultralytics.epochs] == pytest.approx([0.411199, 0.667191, 0.48829, 0.5227])
    assert len(ultralytics.epochs[0].lr) == 3


def test_assumptions_are_told() -> None:
    notes = {name: " ".join(read_run(RECORDED / name).notes) for name in SOURCES}
    assert "more than once" in notes["timm_csv_resumed"]
    assert "header 2 times" in notes["timm_csv_resumed"]
    assert "percent" in notes["timm_csv"]
    assert "numbered on" in notes["keras_csv_appended"]
    assert "numbered on" in notes["fastai_csv_appended"]
    assert "after training is no epoch" in notes["lightning_csv_epochs"]
    assert "1 minus 'error_rate'" in notes["fastai_csv_error_rate"]
