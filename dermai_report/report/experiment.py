"""Several runs that belong together, as data."""

from __future__ import annotations

from typing import Literal

import msgspec

from dermai_report.report.disproof import ActionCheck
from dermai_report.report.exhibit import Chart, Table
from dermai_report.report.finding import Answer, KeyNumber
from dermai_report.report.record import Interval, Record
from dermai_report.report.shown import Shown

# History of experiment-report.json:
#   dermai-experiment/1  the first
FORMAT = "dermai-experiment/1"


class TrialFacts(Record, frozen=True, kw_only=True):
    """One run of an experiment; what it lacks is None. run: its directory, relative to the experiment; values: those that a search
    tried."""

    name: str
    status: str
    seed: int
    fold: int | None = None
    actions: list[str] = msgspec.field(default_factory=list)
    run: str | None = None
    error: str | None = None
    best_epoch: int | None = None
    val_loss: float | None = None
    val_accuracy: float | None = None
    test_loss: float | None = None
    test_accuracy: float | None = None
    seconds: float | None = None
    values: dict[str, float] = msgspec.field(default_factory=dict)


class Effect(Record, frozen=True, kw_only=True):
    """What a recommendation did, measured against the baseline with the same seeds on the same test samples.

    accuracy: gained, a fraction; loss: nats, below 0 is better; intervals are 95 % over seeds and test samples, of this comparison
    alone; p_adjusted: of the loss (else of the accuracy), Holm's over all effects. verdict: at 5 % after that correction.
    expected: the rank that the report gave it.
    """

    name: str
    actions: list[str]
    seeds: int
    n: int
    verdict: Literal["helps", "hurts", "unknown"]
    accuracy: float
    accuracy_ci95: Interval | None
    loss: float | None
    loss_ci95: Interval | None
    p: float | None
    p_adjusted: float | None
    expected: int | None
    seconds: float | None = None


class ExperimentReport(Shown, frozen=True, kw_only=True):
    """What an experiment shows; its JSON is this, with `format` first."""

    format: str = FORMAT
    version: str
    id: str
    name: str
    kind: str
    path: str
    command: str
    headline: str
    answers: list[Answer]
    numbers: list[KeyNumber]
    effects: list[Effect]
    trials: list[TrialFacts]
    charts: list[Chart]
    tables: list[Table]
    notes: list[str]
    predictions: list[ActionCheck] = msgspec.field(default_factory=list)
