"""The examples of docs/integrations.md, run as they are printed."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any

import numpy as np

from dermai_report import diagnose, read_run
from dermai_report.needs import missing
from dermai_report.run import Run

PAGE = Path(__file__).resolve().parents[2] / "docs" / "integrations.md"


def blocks(heading: str) -> list[str]:
    """The Python blocks below a heading of the page."""
    page = PAGE.read_text(encoding="utf-8")
    (section,) = re.findall(rf"^##? {re.escape(heading)}\n(.*?)(?=^## |\Z)", page, flags=re.S | re.M)
    return re.findall(r"```python\n(.*?)```", section, flags=re.S)


def run_example(framework: str) -> tuple[Run, dict[str, Any]]:
    """Train in the current directory; the run that it logged, and the names of the example."""
    names: dict[str, Any] = {"__name__": "example"}
    (shared,), (own,) = blocks("Logging from other frameworks"), blocks(framework)
    exec(compile(shared + own, f"docs/integrations.md, {framework}", "exec"), names)
    return read_run("runs/latest"), names


def check_full(run: Run, names: dict[str, Any], epochs: int = 3) -> None:
    """Everything the diagnosis can use is there, and what was counted agrees with itself and with the data."""
    assert run.status == "finished" and [e.epoch for e in run.epochs] == list(range(1, epochs + 1))
    assert not [note for note in run.notes if "left out" in note]
    assert all(set(e.train) >= {"loss", "accuracy"} and set(e.val) >= {"loss", "accuracy"} for e in run.epochs)
    assert run.epochs[-1].train["loss"] < run.epochs[0].train["loss"]  # it really trained
    assert run.epochs[-1].val["accuracy"] > 0.5
    samples = run.val_epochs
    assert samples is not None and samples.epochs == tuple(range(1, epochs + 1))
    np.testing.assert_array_equal(samples.label, names["y_val"])
    for i, epoch in enumerate(run.epochs):
        assert math.isclose(samples.loss[i].mean(), epoch.val["loss"], rel_tol=1e-4)
        assert math.isclose((samples.predicted[i] == samples.label).mean(), epoch.val["accuracy"], rel_tol=1e-6)
    best = min(run.epochs, key=lambda e: e.val["loss"]).epoch
    for split in ("val", "test"):
        outcome = run.predictions[split]
        np.testing.assert_array_equal(outcome.label, names[f"y_{split}"])
        assert outcome.probabilities is not None and outcome.probabilities.shape == (len(outcome), len(run.classes))
    assert run.test is not None and run.test.epoch in (best, epochs)
    assert run.predictions["val"].epoch == run.test.epoch
    shown = run.epochs[run.test.epoch - 1].val["accuracy"]
    assert (run.predictions["val"].predicted == run.predictions["val"].label).mean() == shown
    report = diagnose(run)
    assert report.test is not None and report.test.accuracy_ci95 is not None
    assert report.generalization is not None and report.generalization.drop_ci95 is not None
    full = (
        "train.loss",
        "train.accuracy",
        "val.loss",
        "val.accuracy",
        "seconds",
        "val_epochs",
        "val.probabilities",
        "test.probabilities",
    )
    assert not missing(run, full)
