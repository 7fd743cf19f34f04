"""Many runs, a line each, as data."""

from __future__ import annotations

import msgspec

from dermai_report.report.record import Interval, Record, Tone, Verdict
from dermai_report.report.shown import Shown
from dermai_report.run import Parent

# History of index.json:
#   dermai-index/1  the first
FORMAT = "dermai-index/1"


class Listed(Record, frozen=True, kw_only=True):
    """A run of the index. curve: the validation loss (without losses, the accuracy) by epoch, None where not logged; best_at: the
    place of the best epoch in it, from 0.

    report: the path of its report, relative to the index, where there is one; error: why the run could not be read, and then
    nothing else of it is known. parent: the run that it was made from, and which recommendations it took over; parent_name: what the
    index calls that run, where it lists it.
    """

    id: str
    name: str
    path: str
    status: str
    verdict: str
    tone: Tone
    classes: list[str] = msgspec.field(default_factory=list)
    error: str | None = None
    started: str | None = None
    n_epochs: int = 0
    best_epoch: int | None = None
    overfitting: Verdict = "unknown"
    val_loss: float | None = None
    val_accuracy: float | None = None
    val_accuracy_ci95: Interval | None = None
    test_accuracy: float | None = None
    test_accuracy_ci95: Interval | None = None
    curve: list[float | None] = msgspec.field(default_factory=list)
    curve_of: str = "loss"
    best_at: int | None = None
    report: str | None = None
    parent: Parent | None = None
    parent_name: str | None = None


class ListedExperiment(Record, frozen=True, kw_only=True):
    """An experiment of the index: how many of its trials have finished, and what they show, in a sentence. report, error: as of a run."""

    id: str
    name: str
    path: str
    kind: str
    headline: str
    started: str | None = None
    trials: int = 0
    finished: int = 0
    report: str | None = None
    error: str | None = None


class Index(Shown, frozen=True, kw_only=True):
    """A folder of runs and experiments, each the latest first; index.json is this, with `format` first.

    The runs of an experiment are not among the runs.
    """

    format: str = FORMAT
    version: str
    path: str
    headline: str
    runs: list[Listed]
    notes: list[str]
    experiments: list[ListedExperiment] = msgspec.field(default_factory=list)
