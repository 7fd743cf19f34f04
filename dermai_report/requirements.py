"""A requirement on a number of the report, such as "test.accuracy >= 0.85", decided by its 95 % interval.

The interval wholly on the right side is a pass, wholly on the wrong side a failure; where it covers the bound, or where there
is no interval, nobody can tell. Any number of report.json with an interval can be required, and of a class
`test.per_class.<class>.<score>`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import msgspec

from dermai_report.errors import DermaiError, unknown_name
from dermai_report.report import BestEpoch, Calibration, ClassScore, Generalization, Interval, Report, TestScores
from dermai_report.report.gate import Ground
from dermai_report.report.record import Record

_HOMES: dict[str, type[Record]] = {
    "test": TestScores,
    "test.calibration": Calibration,
    "generalization": Generalization,
    "best_epoch": BestEpoch,
}
_OF_A_CLASS = "test.per_class."
_FORM = re.compile(r"\s*(?P<path>.+?)\s*(?P<sign>>=|<=)\s*(?P<bound>[-+]?[0-9.]+(?:[eE][-+]?[0-9]+)?)\s*(?P<percent>%?)\s*")


@dataclass(frozen=True)
class Requirement:
    """text: as it was written; path: of a number in report.json; at_least: >=, else <=; bound: 0.85 for "85 %"."""

    text: str
    path: str
    at_least: bool
    bound: float


def parse(text: str) -> Requirement:
    """Read "test.accuracy >= 0.85" or "... >= 85 %"; raises DermaiError for another form or a number that has no interval."""
    found = _FORM.fullmatch(text)
    try:
        bound = float(found["bound"]) if found else None
    except ValueError:
        bound = None
    if found is None or bound is None:
        raise DermaiError(f"{text!r} is no requirement", 'write it as "test.accuracy >= 0.85", with >= or <=')
    path = found["path"]
    if path.startswith(_OF_A_CLASS):
        _, _, score = path.removeprefix(_OF_A_CLASS).rpartition(".")
        if score not in _with_interval(ClassScore):
            raise unknown_name("score of a class with an interval", score, _with_interval(ClassScore))
    elif path not in known():
        raise unknown_name("number with an interval", path, known())
    return Requirement(text.strip(), path, found["sign"] == ">=", bound / 100 if found["percent"] else bound)


def known() -> list[str]:
    """The paths in report.json of all numbers that have an interval, those of a class aside."""
    return [f"{home}.{name}" for home, record in _HOMES.items() for name in _with_interval(record)]


def decide(requirement: Requirement, report: Report) -> Ground:
    """Hold the number's interval against the bound; raises DermaiError for a class that the run does not have."""
    value, interval = _number(requirement.path, report)
    if value is None:
        return Ground(requirement.text, "unknown", "the number is not known")
    if interval is None:
        return Ground(requirement.text, "unknown", f"{value:.4g}, of which no interval is known")
    low, high = interval
    words = f"{value:.4g}, 95 % interval {low:.4g} to {high:.4g}"
    if low >= requirement.bound if requirement.at_least else high <= requirement.bound:
        return Ground(requirement.text, "pass", words)
    if high < requirement.bound if requirement.at_least else low > requirement.bound:
        return Ground(requirement.text, "fail", words)
    return Ground(requirement.text, "unknown", f"{words}: the bound is inside it")


def _number(path: str, report: Report) -> tuple[float | None, Interval | None]:
    record: Record | None
    if path.startswith(_OF_A_CLASS):
        name, _, score = path.removeprefix(_OF_A_CLASS).rpartition(".")
        if report.run.classes and name not in report.run.classes:
            raise unknown_name("class", name, report.run.classes)
        scores = report.test.per_class if report.test else []
        record = next((one for one in scores if one.class_name == name), None)
    else:
        home, _, score = path.rpartition(".")
        record = _record(home, report)
    return (None, None) if record is None else (record.get(score), record.get(f"{score}_ci95"))


def _record(home: str, report: Report) -> Record | None:
    record: Record | None = report
    for key in home.split("."):
        record = record.get(key) if record is not None else None
    return record


def _with_interval(record: type[Record]) -> list[str]:
    names = [field.name for field in msgspec.structs.fields(record)]
    return [name for name in names if f"{name}_ci95" in names]
