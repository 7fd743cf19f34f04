"""Several runs held against a baseline, as data."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from dermai_report.report.disproof import ActionCheck, Difference
from dermai_report.report.exhibit import Chart
from dermai_report.report.finding import Answer
from dermai_report.report.measured import RunFacts
from dermai_report.report.record import Interval, Record
from dermai_report.report.shown import Shown

# History of comparison.json:
#   dermai-comparison/1  the first
FORMAT = "dermai-comparison/1"


class Moved(Record, frozen=True):
    """A sample that one run gets right and the other wrong; classes by name, confidence in the wrong one."""

    sample: str
    true: str
    baseline: str
    run: str
    confidence: float | None = None


class Setting(Record, frozen=True):
    """Something that was set differently, a dotted key of the configuration or a fact such as the seed; None: not there.

    alone: a key of the configuration that only one of the two logged, which is no change that is known of: other versions log others.
    """

    key: str
    baseline: Any
    run: Any
    of: Literal["configuration", "data", "environment"] = "configuration"
    alone: bool = False


class Change(Record, frozen=True):
    """A change that the baseline's report recommends, and whether the run has made it.

    made: "yes", "partly" (some keys of the patch), "no", or "unknown" where the baseline's configuration was not logged. others: how many
    settings changed besides.
    """

    action: str
    title: str
    priority: int
    patch: dict[str, Any]
    made: Literal["yes", "partly", "no", "unknown"]
    others: int = 0


class Compared(Record, frozen=True, kw_only=True):
    """One run against the baseline.

    verdict: of the accuracy on `split`, at 5 % over all runs that are compared; paired: whether the same samples were predicted by both.
    n: the samples it rests on, or of the smaller set where they are not the same; p_adjusted: Holm's, over all runs; test: where p
    comes from, McNemar's exact test or, with groups or without pairs, the interval. fixed, broken: samples that only the run, or only
    the baseline, gets right; the lists hold the first of them, the surest errors first. predictions: of the recommended actions that
    the run has taken, what was predicted and what came of it.
    """

    run: RunFacts
    name: str
    headline: str
    verdict: Literal["better", "worse", "unknown"]
    split: Literal["test", "val"] | None
    paired: bool
    n: int | None
    difference: float | None
    ci95: Interval | None
    p: float | None
    p_adjusted: float | None
    test: Literal["mcnemar", "interval"] = "interval"
    fixed: int | None
    broken: int | None
    fixed_samples: list[Moved]
    broken_samples: list[Moved]
    differences: list[Difference]
    classes: list[Difference]
    settings: list[Setting]
    changes: list[Change]
    answers: list[Answer]
    notes: list[str]
    charts: list[Chart] = msgspec.field(default_factory=list)
    predictions: list[ActionCheck] = msgspec.field(default_factory=list)


class Comparison(Shown, frozen=True, kw_only=True):
    """Several runs, each against the first; comparison.json is this, with `format` first."""

    format: str = FORMAT
    version: str
    headline: str
    name: str
    baseline: RunFacts
    runs: list[Compared]
    answers: list[Answer]
    charts: list[Chart]
    notes: list[str]
