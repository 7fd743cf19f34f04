"""What is made of the numbers: diagnoses, advice, and answers in plain words."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from dermai_report.report.exhibit import Chart
from dermai_report.report.record import Basis, Interval, Record, Severity, Tone, Unit


class Prediction(Record, frozen=True):
    """What a run that takes an action should show, so that it can show the action wrong.

    measure: a file of `dermai_report/disproof/`; direction: how the run's value lies to that of the run advised on. "not higher"
    leaves room for `margin`, a part of the latter; "none": the run's own value is 0.
    """

    measure: str
    direction: Literal["lower", "higher", "not higher", "none"]
    split: Literal["val", "test"] = "val"
    margin: float = 0.0


class Action(Record, frozen=True):
    """Something to do next. `patch` holds configuration keys of dermai-train; `effect` is a prior in [0, 1] for its size, and
    `effect_when_short` the same for a training of few steps, where that is known to be another.

    disproof: what would prove it wrong; predictions: the same for a program, all of which must hold; without any, `unchecked` says
    why no further run can show it.

    on: configuration keys that mean the run has this already, whatever their value, unless it is empty or `off`. decided_by:
    the key whose equality alone means so. Without either, the run has it when its configuration holds the whole patch.
    blocked: (key, value, reason): where the configuration has that value, the action does not apply.
    """

    id: str
    title: str
    patch: dict[str, Any]
    disproof: str
    effect: float = 0.3
    effect_when_short: float | None = None
    on: tuple[str, ...] = ()
    off: float = 0
    source: str = ""
    decided_by: str = ""
    blocked: tuple[tuple[str, Any, str], ...] = ()
    predictions: tuple[Prediction, ...] = ()
    unchecked: str = ""


class Advice(Record, frozen=True):
    """A rule's case for an action, in this run's numbers.

    support: how far the finding, if it holds, speaks for the action, in [0, 1]: a gap of one point hardly does.
    """

    action: Action
    why: str
    support: float = 1.0


class Finding(Record, frozen=True):
    """One diagnosis: what, how bad, how sure and on what basis, and the evidence. Whole: advice and charts come with it."""

    title: str
    severity: Severity
    confidence: float
    basis: Basis
    message: str
    evidence: dict[str, Any]
    rule: str = ""
    advice: list[Advice] = msgspec.field(default_factory=list)
    charts: list[Chart] = msgspec.field(default_factory=list)


class Recommendation(Record, frozen=True):
    """An action, ranked. `priority` 1 is the first thing to do; `disproof` is what would show it wrong.

    predictions: the same for a program; `unchecked`: why there are none.
    """

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
    predictions: list[Prediction] = msgspec.field(default_factory=list)
    unchecked: str = ""


class Skipped(Record, frozen=True):
    """A rule that could not be checked, and what was missing. Not a pass. worst: the severity its findings may reach."""

    rule: str
    reason: str
    worst: Severity = "error"


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
    """A line of provenance; of the many of one kind, such as the settings, `group` says which."""

    label: str
    value: str
    group: str | None = None


class RuleText(Record, frozen=True):
    """The documentation of a rule, from its docstring, as Markdown."""

    rule: str
    title: str
    text: str
