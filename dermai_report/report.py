"""A Report: everything a reader needs, as data. Renderers turn it into a file and decide nothing.

Percent signs, rounding and colours belong to the renderers; here are fractions, nats, epochs from 1 and None for "unknown".
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import msgspec

# History of report.json:
#   dermai-report/1  the first
FORMAT = "dermai-report/1"

Severity = Literal["info", "warning", "error"]
Verdict = Literal["none", "provisional", "likely", "certain", "unknown"]
Tone = Literal["good", "warning", "bad", "neutral", "unknown"]
Unit = Literal["percent", "points", "nats", "count", "epoch", "seconds", "plain", "text"]
Role = Literal["train", "val", "test", "reference", "neutral"]
Interval = tuple[float, float]


class Record(msgspec.Struct, frozen=True):
    """A struct that also reads like a row: `record["epoch"]` and `record.get("epoch")`."""

    def __getitem__(self, key: str) -> Any:
        if key not in self.__struct_fields__:
            raise KeyError(key)
        return getattr(self, key)

    def get(self, key: str, default: Any = None) -> Any:
        """The field of that name, or `default` when there is none."""
        return getattr(self, key) if key in self.__struct_fields__ else default

    def keys(self) -> tuple[str, ...]:
        """The field names, so that `dict(record)` works."""
        return self.__struct_fields__


# ---- what was measured -------------------------------------------------------------------------------------------------


class RunFacts(Record, frozen=True):
    """Which run this is."""

    id: str
    name: str
    source: str
    path: str
    classes: list[str]
    n_epochs: int
    status: str
    seconds: float | None = None


class ByAccuracy(Record, frozen=True):
    """The epoch with the highest validation accuracy."""

    epoch: int
    val_accuracy: float


class BestEpoch(Record, frozen=True):
    """The epoch to ship, what chose it (`by`), and the epochs that the data cannot tell from it."""

    epoch: int
    by: Literal["val_loss", "val_accuracy"]
    val_loss: float | None
    val_accuracy: float | None
    train_loss: float | None
    train_accuracy: float | None
    by_val_accuracy: ByAccuracy | None
    indistinguishable: list[int]
    indistinguishable_basis: str | None = None
    one_standard_error: int | None = None
    checkpoint: str | None = None
    checkpoint_epoch: int | None = None
    val_loss_ci95: Interval | None = None


class LastEpoch(Record, frozen=True):
    """The last epoch logged."""

    epoch: int
    val_loss: float | None
    val_accuracy: float | None
    train_loss: float | None
    train_accuracy: float | None


class Overfitting(Record, frozen=True):
    """Does the validation loss really rise? Confidence in [0, 1]; onset is the first epoch of the rise.

    onset_ci90: 5-95 % interval of the onset epoch; rise: relative rise of the validation loss above the minimum of its fit
    (0.05 is 5 %); elevated_epochs: epochs after the best that stay above it; reason: one sentence a reader can check.
    """

    verdict: Verdict
    overfit: bool
    onset_epoch: int | None
    confidence: float
    onset_ci90: tuple[int, int] | None = None
    rise: float | None = None
    elevated_epochs: int = 0
    reason: str = ""


class Gap(Record, frozen=True):
    """Train minus validation accuracy, and validation minus train loss, per epoch (None where not logged).

    onset_epoch: first epoch after which the loss gap (or, without losses, the accuracy gap) stays above twice its noise.
    at_best, at_last: the accuracy gap there (loss gap where no accuracy was logged).
    """

    accuracy: list[float | None]
    loss: list[float | None]
    onset_epoch: int | None
    at_best: float | None
    at_last: float | None
    accuracy_onset_epoch: int | None = None
    loss_onset_epoch: int | None = None
    trend_p: float | None = None
    basis: str | None = None


class Parts(Record, frozen=True):
    """The drop taken apart, in fractions of accuracy; None where a part cannot be known.

    selection: what choosing the epoch added to the validation score; label_shift: what the class mix explains; sampling: the
    half width of the interval by sampling alone; unexplained: the drop less selection and label shift, sampling included.
    """

    selection: float | None = None
    sampling: float | None = None
    label_shift: float | None = None
    unexplained: float | None = None


class Generalization(Record, frozen=True):
    """From validation to test: `drop` is validation minus test accuracy of the same epoch's model."""

    val_accuracy: float | None
    test_accuracy: float | None
    drop: float | None
    drop_ci95: Interval | None
    significant: bool | None
    parts: Parts
    n_val: int | None = None
    n_test: int | None = None
    n_needed: int | None = None
    epoch: int | None = None
    corrected_drop: float | None = None
    corrected_ci95: Interval | None = None
    basis: str | None = None
    optimism_at_most: float | None = None


class ClassScore(Record, frozen=True):
    """One class on the test set; `class_name` is `class` in JSON. Intervals are 95 %."""

    class_name: str = msgspec.field(name="class")
    n: int
    precision: float | None
    precision_ci95: Interval | None
    recall: float | None
    recall_ci95: Interval | None
    f1: float | None
    f1_ci95: Interval | None
    specificity: float | None
    specificity_ci95: Interval | None
    auroc: float | None
    auroc_ci95: Interval | None


class Calibration(Record, frozen=True):
    """How far the probabilities can be believed: expected calibration error (15 equal-mass bins), Brier score, NLL, the
    temperature fitted on validation, and the test NLL with it.

    ece_by_chance: the 95 % quantile of the error that a perfectly calibrated model shows with as many samples;
    overconfidence: mean confidence minus accuracy.
    """

    ece: float | None
    brier: float | None
    nll: float | None
    temperature: float | None
    ece_ci95: Interval | None = None
    ece_by_chance: float | None = None
    overconfidence: float | None = None
    overconfidence_error: float | None = None
    nll_with_temperature: float | None = None


class TestScores(Record, frozen=True):
    """The test evaluation with its intervals."""

    n: int | None
    accuracy: float | None
    accuracy_ci95: Interval | None
    loss: float | None
    macro_f1: float | None
    balanced_accuracy: float | None
    mcc: float | None
    auroc_macro: float | None
    confusion: list[list[int]] | None
    per_class: list[ClassScore]
    calibration: Calibration | None
    macro_f1_ci95: Interval | None = None
    balanced_accuracy_ci95: Interval | None = None
    mcc_ci95: Interval | None = None
    loss_ci95: Interval | None = None
    epoch: int | None = None
    checkpoint: str | None = None
    majority_accuracy: float | None = None
    auroc_macro_ci95: Interval | None = None
    n_groups: int | None = None


# ---- charts and tables, as data ------------------------------------------------------------------------------------------


class Series(Record, frozen=True):
    """One line: x and y of equal length (y None = a gap in the line); low and high, where given, are its band or bars."""

    label: str
    role: Role
    x: list[float]
    y: list[float | None]
    low: list[float | None] | None = None
    high: list[float | None] | None = None


class Mark(Record, frozen=True):
    """A vertical mark at x, or a band from x to `until`; a band without a label belongs to the one before it."""

    x: float
    label: str
    until: float | None = None


class LineChart(Record, frozen=True, tag="lines", tag_field="kind"):
    """Lines over x. `unit` is that of y."""

    id: str
    title: str
    caption: str
    x_label: str
    y_label: str
    unit: Unit
    series: list[Series]
    marks: list[Mark] = []
    square: bool = False


class MatrixChart(Record, frozen=True, tag="matrix", tag_field="kind"):
    """Counts, rows x columns, both named."""

    id: str
    title: str
    caption: str
    row_label: str
    column_label: str
    labels: list[str]
    counts: list[list[int]]


class Bar(Record, frozen=True):
    """One value with its interval; n is the number of samples behind it."""

    label: str
    value: float | None
    low: float | None = None
    high: float | None = None
    n: int | None = None


class IntervalChart(Record, frozen=True, tag="intervals", tag_field="kind"):
    """Points with intervals, one row each, and an optional reference line."""

    id: str
    title: str
    caption: str
    x_label: str
    unit: Unit
    bars: list[Bar]
    reference: float | None = None
    reference_label: str | None = None


Chart = LineChart | MatrixChart | IntervalChart


class Cell(Record, frozen=True):
    """A value with its unit and interval; the renderer words it."""

    value: float | int | str | None
    unit: Unit = "text"
    ci95: Interval | None = None


class Table(Record, frozen=True):
    """Named columns and rows of cells."""

    id: str
    title: str
    columns: list[str]
    rows: list[list[Cell]]
    caption: str = ""


# ---- what is made of it --------------------------------------------------------------------------------------------------


class Action(Record, frozen=True):
    """Something to do next. `patch` holds configuration keys of dermai-train; `effect` is a prior in [0, 1] for its size.

    on: configuration keys whose presence with a truthy value means the run has this already, whatever the value. decided_by:
    the key whose equality alone means so. Without either, the run has it when its configuration holds the whole patch.
    blocked: (key, value, reason): where the configuration has that value, the action does not apply.
    """

    id: str
    title: str
    patch: dict[str, Any]
    disproof: str
    effect: float = 0.3
    on: tuple[str, ...] = ()
    source: str = ""
    decided_by: str = ""
    blocked: tuple[tuple[str, Any, str], ...] = ()


class Advice(Record, frozen=True):
    """A rule's case for an action, in this run's numbers.

    support: how far the finding, if it holds, speaks for the action, in [0, 1]: a gap of one point hardly does.
    """

    action: Action
    why: str
    support: float = 1.0


class Finding(Record, frozen=True):
    """One diagnosis: what, how bad, how sure, and the evidence it rests on. Whole: advice and charts come with it."""

    title: str
    severity: Severity
    confidence: float
    message: str
    evidence: dict[str, Any]
    rule: str = ""
    advice: list[Advice] = []
    charts: list[Chart] = []


class Recommendation(Record, frozen=True):
    """An action, ranked. `priority` 1 is the first thing to do; `disproof` is what would show it wrong."""

    action: str
    title: str
    why: list[str]
    priority: int | None
    status: Literal["suggested", "already_on", "not_applicable"]
    patch: dict[str, Any]
    rules: list[str]
    disproof: str = ""
    reason: str = ""
    strength: float = 0.0
    source: str = ""


class Skipped(Record, frozen=True):
    """A rule that could not be checked, and what was missing. Not a pass."""

    rule: str
    reason: str


class Answer(Record, frozen=True):
    """One of the four questions a reader comes with, answered in plain words."""

    question: str
    answer: str
    detail: str
    tone: Tone


class KeyNumber(Record, frozen=True):
    """A number of the summary: its value, interval, and where it was read ("epochs.jsonl:9")."""

    label: str
    value: float | int | None
    unit: Unit
    ci95: Interval | None = None
    note: str = ""
    at: str | None = None


class Fact(Record, frozen=True):
    """A line of provenance."""

    label: str
    value: str


class RuleText(Record, frozen=True):
    """The documentation of a rule, from its docstring, as Markdown."""

    rule: str
    title: str
    text: str


class Report(Record, frozen=True, kw_only=True):
    """The whole report; report.json is this, with `format` first."""

    format: str = FORMAT
    version: str
    run: RunFacts
    headline: str
    answers: list[Answer]
    numbers: list[KeyNumber]
    best_epoch: BestEpoch | None
    last_epoch: LastEpoch | None
    overfitting: Overfitting
    gap: Gap | None
    generalization: Generalization
    test: TestScores | None
    findings: list[Finding]
    recommendations: list[Recommendation]
    skipped: list[Skipped]
    notes: list[str]
    charts: list[Chart]
    tables: list[Table]
    provenance: list[Fact]
    rules: list[RuleText]

    def chart(self, id: str) -> Chart | None:
        """The chart of that id, or None."""
        return next((c for c in self.all_charts() if c.id == id), None)

    def all_charts(self) -> Iterator[Chart]:
        """The report's own charts, then those that findings carry."""
        yield from self.charts
        for finding in self.findings:
            yield from finding.charts

    def save(self, path: str | Path, format: str | None = None) -> Path:
        """Render to a file; the format is that of the ending (.html, .md, .json) unless named. Returns the path."""
        from dermai_report.renderers import save

        return save(self, Path(path), format)

    def _repr_html_(self) -> str:
        from dermai_report.renderers.html import embedded

        return embedded(self)
