"""Many runs, a line each, as data."""

from __future__ import annotations

import msgspec

from dermai_report.report.record import Interval, Record, Tone, Verdict
from dermai_report.report.shown import Shown

# History of index.json:
#   dermai-index/1  the first
FORMAT = "dermai-index/1"


class Listed(Record, frozen=True, kw_only=True):
    """A run of the index. curve: the validation loss (without losses, the accuracy) by epoch, None where not logged; best_at: the
    place of the best epoch in it, from 0.

    report: the path of its report, relative to the index, where there is one; error: why the run could not be read, and then
    nothing else of it is known.
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


class Index(Shown, frozen=True, kw_only=True):
    """A folder of runs, the latest first; index.json is this, with `format` first."""

    format: str = FORMAT
    version: str
    path: str
    headline: str
    runs: list[Listed]
    notes: list[str]
