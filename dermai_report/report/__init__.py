"""A Report: everything a reader needs, as data. Renderers turn it into a file and decide nothing.

Percent signs, rounding and colours belong to the renderers; here are fractions, nats, epochs from 1 and None for "unknown".
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from dermai_report.report.comparison import Change, Compared, Comparison, Moved, Setting
from dermai_report.report.disproof import ActionCheck, Difference, Held, PredictionCheck
from dermai_report.report.exhibit import Bar, Cell, Chart, IntervalChart, LineChart, Mark, MatrixChart, Series, Table
from dermai_report.report.experiment import Effect, ExperimentReport, TrialFacts
from dermai_report.report.finding import (
    Action,
    Advice,
    Answer,
    Fact,
    Finding,
    KeyNumber,
    Prediction,
    Recommendation,
    RuleText,
    Skipped,
)
from dermai_report.report.gate import Gate, Ground
from dermai_report.report.index import Index, Listed, ListedExperiment
from dermai_report.report.measured import (
    BestEpoch,
    ByAccuracy,
    Calibration,
    ClassScore,
    Gap,
    Generalization,
    LastEpoch,
    Overfitting,
    Parts,
    RunFacts,
    Subgroup,
    TestScores,
    WithoutLeaked,
)
from dermai_report.report.record import Basis, Interval, Record, Role, Severity, Tone, Unit, Verdict
from dermai_report.report.shown import Shown

__all__ = [
    "FORMAT",
    "Action",
    "ActionCheck",
    "Advice",
    "Answer",
    "Bar",
    "Basis",
    "BestEpoch",
    "ByAccuracy",
    "Calibration",
    "Cell",
    "Change",
    "Chart",
    "ClassScore",
    "Compared",
    "Comparison",
    "Difference",
    "Effect",
    "ExperimentReport",
    "Fact",
    "Finding",
    "Gap",
    "Gate",
    "Generalization",
    "Ground",
    "Held",
    "Index",
    "Interval",
    "IntervalChart",
    "KeyNumber",
    "LastEpoch",
    "LineChart",
    "Listed",
    "ListedExperiment",
    "Mark",
    "MatrixChart",
    "Moved",
    "Overfitting",
    "Parts",
    "Prediction",
    "PredictionCheck",
    "Recommendation",
    "Record",
    "Report",
    "Role",
    "RuleText",
    "RunFacts",
    "Series",
    "Setting",
    "Severity",
    "Shown",
    "Skipped",
    "Subgroup",
    "Table",
    "TestScores",
    "Tone",
    "TrialFacts",
    "Unit",
    "Verdict",
    "WithoutLeaked",
]


# History of report.json:
#   dermai-report/1  the first
FORMAT = "dermai-report/1"


class Report(Shown, frozen=True, kw_only=True):
    """The whole report; report.json is this, with `format` first.

    checked: the rules that could be checked, whether they found something or not; gate: where the settings ask for one.
    """

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
    checked: list[str] = msgspec.field(default_factory=list)
    gate: Gate | None = None

    def chart(self, id: str) -> Chart | None:
        """The chart of that id, or None."""
        return next((c for c in self.all_charts() if c.id == id), None)

    def all_charts(self) -> Iterator[Chart]:
        """The report's own charts, then those that findings carry."""
        yield from self.charts
        for finding in self.findings:
            yield from finding.charts
