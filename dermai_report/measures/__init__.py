"""Numbers from a Run: pure functions, each with its interval or its reason for having none.

`detect_overfitting(train_loss, val_loss)` takes plain sequences; the others take a Run and remember their result for it.
"""

from __future__ import annotations

from dermai_report.measures.cache import once_per_run
from dermai_report.measures.calibration import calibration, reliability
from dermai_report.measures.comparison import fisher_greater, fisher_less, holm
from dermai_report.measures.epochs import best_epoch, last_epoch, shipped_epoch
from dermai_report.measures.gap import gap
from dermai_report.measures.generalization import generalization
from dermai_report.measures.intervals import newcombe, samples_to_resolve, wilson
from dermai_report.measures.overfitting import detect_overfitting
from dermai_report.measures.scores import test_scores
from dermai_report.measures.selection import selection_optimism
from dermai_report.measures.shift import label_shift
from dermai_report.measures.trend import chance_still_worse, mann_kendall, noise_scale
from dermai_report.report import Overfitting
from dermai_report.run import Run

__all__ = [
    "best_epoch",
    "calibration",
    "chance_still_worse",
    "detect_overfitting",
    "fisher_greater",
    "fisher_less",
    "gap",
    "generalization",
    "holm",
    "label_shift",
    "last_epoch",
    "mann_kendall",
    "newcombe",
    "noise_scale",
    "overfitting",
    "reliability",
    "samples_to_resolve",
    "selection_optimism",
    "shipped_epoch",
    "test_scores",
    "wilson",
]


@once_per_run
def overfitting(run: Run) -> Overfitting:
    """`detect_overfitting` on a run's losses, in the run's own epoch numbers; without losses, on 1 - accuracy."""
    number = [e.epoch for e in run.epochs]
    if run.has("val", "loss"):
        return detect_overfitting(run.series("train", "loss"), run.series("val", "loss"), epochs=number)
    train, val = ([1 - a for a in run.series(split, "accuracy")] for split in ("train", "val"))
    return detect_overfitting(train, val, epochs=number, metric="error")
