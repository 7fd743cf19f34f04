"""scikit-learn's classification_report, as text or as JSON of its output_dict: accuracy, and how many images of each class.

It holds no confusion matrix: which class is taken for which is not known, and is not said. Of two classes the counts follow
from the recalls, where they are not rounded too much.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from dermai_report.errors import DermaiError
from dermai_report.results import Outcome
from dermai_report.run import Evaluation
from dermai_report.sources._log import NO, NOT_JSON, SURE, Log
from dermai_report.sources._table import number

HEADER = re.compile(r"\s*precision\s+recall\s+f1-score\s+support\s*")
ROW = re.compile(
    r"\s*(?P<name>.+?)\s+(?P<precision>\d\.\d+)\s+(?P<recall>\d\.\d+)\s+(?P<f1>\d\.\d+)\s+(?P<support>\d+(?:\.0)?)\s*"
)
ACCURACY = re.compile(r"\s*accuracy\s+(\d\.\d+)\s+(\d+)\s*")
AVERAGES = {"micro avg", "macro avg", "weighted avg", "samples avg", "avg / total"}
MOST_SHOWN = 5


@dataclass(frozen=True)
class Row:
    """A class: its recall, how far it may be off by rounding, and how many images it has."""

    name: str
    recall: float
    rounding: float
    support: int


def recognises(log: Log) -> int:
    """Its header, or its keys."""
    if log.json is not NOT_JSON:
        return SURE if isinstance(log.json, dict) and "macro avg" in log.json and list(_of_json(log.json)) else NO
    return SURE if log.is_text and any(HEADER.fullmatch(line) for line in log.head_text.split("\n")[:200]) else NO


def read(log: Log, classes: Sequence[str]) -> Outcome:
    """Read it; raises DermaiError where no class has a line of its own."""
    if log.json is not NOT_JSON:
        rows, accuracy, decimals = list(_of_json(log.json)), number(log.json.get("accuracy")), 0
    else:
        rows, accuracy, decimals = _of_text(log)
    if not rows:
        raise DermaiError(f"{log.path} has no line of a class", "print classification_report(y_true, y_pred)")
    n = sum(r.support for r in rows)
    if accuracy is None and n:
        accuracy = sum(r.recall * r.support for r in rows) / n
    names = tuple(r.name for r in rows)
    confusion = _two(rows) if len(rows) == 2 else None
    if confusion and n:
        accuracy = (confusion[0][0] + confusion[1][1]) / n
    if classes and set(classes) == set(names):
        order = [names.index(c) for c in classes]
        confusion = [[confusion[i][j] for j in order] for i in order] if confusion else None
        names = tuple(classes)
    elif classes and len(classes) == len(rows) and all(x.isdigit() for x in names):
        names = tuple(classes)
    return Outcome(
        classes=names,
        evaluation=Evaluation(n=n or None, accuracy=accuracy, confusion=confusion),
        counts={r.name: r.support for r in rows} if not classes else {},
        notes=tuple(_notes(rows, decimals, confusion is not None)),
    )


def _notes(rows: Sequence[Row], decimals: int, exact: bool) -> Iterator[str]:
    weakest = sorted(rows, key=lambda r: r.recall)[:MOST_SHOWN]
    yield (
        "Lowest recall in the classification report: "
        + ", ".join(f"{r.name} {r.recall:g} of {r.support}" for r in weakest)
        + "."
    )
    if exact:
        yield "The confusion matrix was worked out from the recalls of its two classes."
    else:
        yield "A classification report does not say which class is taken for which: there is no confusion matrix."
        if decimals:
            yield f"Its numbers are rounded to {decimals} decimals."


def _of_json(value: Any) -> Iterator[Row]:
    for name, entry in value.items():
        if name in AVERAGES or not isinstance(entry, dict):
            continue
        recall, support = number(entry.get("recall")), number(entry.get("support"))
        if recall is not None and support is not None and 0 <= recall <= 1 and 0 <= support < 1e12:
            yield Row(str(name), recall, 1e-9, int(support))


def _of_text(log: Log) -> tuple[list[Row], float | None, int]:
    rows: list[Row] = []
    accuracy, decimals, inside = None, 2, False
    for line in log.lines:
        if HEADER.fullmatch(line):
            if rows:
                raise DermaiError(f"{log.path} holds several classification reports", "keep one in the file")
            inside = True
        elif inside and (found := ACCURACY.fullmatch(line)):
            accuracy = float(found[1])
        elif inside and (found := ROW.fullmatch(line)) and found["name"] not in AVERAGES:
            decimals = len(found["recall"]) - 2
            rows.append(Row(found["name"], min(float(found["recall"]), 1.0), 0.5 * 10**-decimals, int(float(found["support"]))))
    return rows, accuracy, decimals


def _two(rows: Sequence[Row]) -> list[list[int]] | None:
    """The counts of two classes, where each recall leaves one number of right answers."""
    right = []
    for r in rows:
        if r.rounding * r.support >= 0.5:
            return None
        right.append(round(r.recall * r.support))
    return [[right[0], rows[0].support - right[0]], [rows[1].support - right[1], right[1]]]
