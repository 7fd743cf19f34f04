"""A confusion matrix of counts: CSV with or without class names, JSON, or as NumPy and scikit-learn print it.

Its rows are true classes, unless the corner of its header says that they are predicted ones ("predicted", "predicted/actual").
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dermai_report.errors import DermaiError
from dermai_report.results import Outcome
from dermai_report.run import Evaluation
from dermai_report.sources._csv import cells
from dermai_report.sources._log import NO, NOT_JSON, PERHAPS, Log
from dermai_report.sources._table import number

TURNED = re.compile(r"\W*pred", re.IGNORECASE)
PRINTED = re.compile(r"[\s\[\],\d.]+")
MOST_CLASSES = 5_000
ROWS_TRUE = "The rows of the confusion matrix were taken as true classes, its columns as predicted ones."
ROWS_PREDICTED = "The header of the confusion matrix says that its rows are predicted classes."


@dataclass(frozen=True)
class Matrix:
    """counts: (k, k) as written; names of the classes, or None; turned: whether the rows are predicted classes."""

    counts: list[list[float]]
    names: list[str] | None = None
    turned: bool = False


def recognises(log: Log) -> int:
    """A square of numbers, with or without names."""
    return PERHAPS if _matrix(log) else NO


def read(log: Log, classes: Sequence[str]) -> Outcome:
    """Read it; raises DermaiError where it holds shares and not counts, or other classes than the run."""
    found = _matrix(log)
    if found is None:
        raise DermaiError(f"{log.path} holds no square of counts", "rows are true classes, columns predicted ones")
    counts, names = found.counts, found.names
    if any(v != int(v) or v < 0 for row in counts for v in row):
        raise DermaiError(
            f"{log.path} holds shares, not counts: without the number of images nothing can be said of chance",
            "write the confusion matrix without normalize",
        )
    k = len(counts)
    whole = [[int(v) for v in row] for row in (zip(*counts, strict=True) if found.turned else counts)]
    if names and classes and set(names) == set(classes):
        order = [names.index(c) for c in classes]
        whole, names = [[whole[i][j] for j in order] for i in order], list(classes)
    named = tuple(names or (classes if len(classes) == k else [str(i) for i in range(k)]))
    n = sum(map(sum, whole))
    right = sum(whole[i][i] for i in range(k))
    return Outcome(
        classes=named,
        evaluation=Evaluation(n=n or None, accuracy=right / n if n else None, confusion=whole),
        counts=dict(zip(named, map(sum, whole), strict=True)),
        notes=(ROWS_PREDICTED if found.turned else ROWS_TRUE,),
    )


def _matrix(log: Log) -> Matrix | None:
    if "confusion" not in log.kept:
        found = _of_json(log.json) if log.json is not NOT_JSON else None
        log.kept["confusion"] = found or (_of_text(log) if log.is_text else None)
    kept: Matrix | None = log.kept["confusion"]
    return kept


def _of_json(value: Any) -> Matrix | None:
    if isinstance(value, dict):
        names = next((v for v in value.values() if isinstance(v, list) and v and all(isinstance(x, str) for x in v)), None)
        square = next((m for v in value.values() if (m := _square(v))), None)
        return Matrix(square, list(names) if names and len(names) == len(square) else None) if square else None
    square = _square(value)
    return Matrix(square) if square else None


def _square(value: Any) -> list[list[float]] | None:
    if not isinstance(value, list) or not 2 <= len(value) <= MOST_CLASSES:
        return None
    rows = [[number(v) for v in row] for row in value if isinstance(row, list) and len(row) == len(value)]
    whole = [[v for v in row if v is not None and abs(v) < 1e15] for row in rows]
    return whole if len(whole) == len(value) and all(len(row) == len(value) for row in whole) else None


def _of_text(log: Log) -> Matrix | None:
    text = log.head_text if len(log.head) < 1024 else log.text
    if text.lstrip().startswith("[") and PRINTED.fullmatch(text):
        rows = [re.findall(r"[\d.]+", row) for row in re.findall(r"\[([^\[\]]+)\]", text)]
        square = _square(rows)
        return Matrix(square) if square else None
    lines = [line for line in text.split("\n", MOST_CLASSES + 2) if line.strip()]
    if not 2 <= len(lines) <= MOST_CLASSES + 1:
        return None
    separator = max(",;\t|", key=lines[0].count)
    table = [[c.strip() for c in cells(line, separator if separator in lines[0] else None)] for line in lines]
    square = _square([list(r) for r in table])
    if square:
        return Matrix(square)
    header, *body = table
    names = header[-len(body) :]
    square = _square([row[-len(body) :] for row in body])
    words = len(header) >= len(body) and not any(number(n) is not None for n in names)
    if square and (words or [row[0] for row in body] == names):  # or classes that are numbers
        return Matrix(square, names, len(header) > len(body) and TURNED.match(header[0]) is not None)
    return None
