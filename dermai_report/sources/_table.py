"""What a log says, column by column, before anybody asks what it means."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

BLANK = {"", "na", "n/a", "none", "null", "-", "--", "–", "—", "<na>"}
DECORATION = re.compile(r"[*_`~\s]|[^\x00-\x7f]")
NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?%?", re.IGNORECASE)
WRAPPED = re.compile(r"(?:tensor|array|np\.float\d+|numpy\.float\d+|float\d*)?[\[(]+\s*([-+.\deEinfaN]+)[^\])]*[\])]+")
DURATION = re.compile(r"(?:(\d+):)?(\d+):(\d+(?:\.\d*)?)")


@dataclass(frozen=True, eq=False)
class Column:
    """values: (n,) float64; given: (n,) whether anything stands there. A NaN that was logged is given; a blank is not."""

    values: np.ndarray
    given: np.ndarray

    @property
    def n(self) -> int:
        """How many values are given."""
        return int(self.given.sum())


@dataclass(frozen=True, eq=False)
class Table:
    """Rows in the order of the log. numbers: columns by the name as written; texts: columns of words, None where blank.

    lines: (n,) line number of each row, or None where the log has no lines; file: its name, for places ("log.csv:12").
    A series of its own steps (a tag, a metric's file) is a table of two columns: "step" and the name of the metric.
    """

    numbers: Mapping[str, Column]
    texts: Mapping[str, Sequence[str | None]]
    lines: np.ndarray | None
    file: str
    n: int

    @property
    def names(self) -> list[str]:
        """Every column's name."""
        return [*self.numbers, *self.texts]

    def rows(self, which: np.ndarray) -> Table:
        """The table of some rows: (m,) indices or (n,) a mask."""
        index = np.flatnonzero(which) if which.dtype == bool else which
        return Table(
            {k: Column(c.values[index], c.given[index]) for k, c in self.numbers.items()},
            {k: [v[i] for i in index.tolist()] for k, v in self.texts.items()},
            None if self.lines is None else self.lines[index],
            self.file,
            len(index),
        )

    def at(self, row: int) -> str:
        """The place of a row."""
        return self.file if self.lines is None else f"{self.file}:{int(self.lines[row])}"


def table_of_rows(rows: Iterable[tuple[int | None, Mapping[str, Any]]], file: str) -> Table:
    """A table of rows that each have their own keys, with the number of the line each was read at (or None)."""
    listed = list(rows)
    names = dict.fromkeys(str(name) for _, row in listed for name in row)
    cells: dict[str, list[Any]] = {name: [None] * len(listed) for name in names}
    for i, (_, row) in enumerate(listed):
        for name, value in row.items():
            cells[str(name)][i] = value
    lines = None if any(line is None for line, _ in listed) else np.array([line for line, _ in listed], dtype=np.int64)
    return table_of_columns(cells, file, lines)


def table_of_columns(columns: Mapping[str, Any], file: str, lines: np.ndarray | None = None) -> Table:
    """A table of columns of one length: arrays, or lists of numbers, texts and None. Nested values are left out."""
    numbers: dict[str, Column] = {}
    texts: dict[str, Sequence[str | None]] = {}
    n = 0
    for name, values in columns.items():
        n = max(n, len(values))
        column = column_of(values)
        if column is None:
            texts[str(name)] = [v if isinstance(v, str) and v.strip() else None for v in values]
        else:
            numbers[str(name)] = column
    return Table(numbers, texts, lines, file, n)


def column_of(values: Any, decimal: str = ".") -> Column | None:
    """Numbers as a column, or None where most of what is given are words."""
    if isinstance(values, np.ndarray) and values.dtype.kind in "fiu":
        return Column(values.astype(np.float64), np.ones(len(values), dtype=bool))
    read = [number(v, decimal) for v in values]
    words = sum(r is None and isinstance(v, str) and v.strip().lower() not in BLANK for r, v in zip(read, values, strict=True))
    given = np.array([r is not None for r in read], dtype=bool)
    if words and words > given.sum():
        return None
    return Column(np.array([math.nan if r is None else r for r in read], dtype=np.float64), given)


def number(value: Any, decimal: str = ".") -> float | None:
    """A cell as a number: plain, with a percent sign, in bold, as `tensor(0.5)`, or as mm:ss; None where it is none."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        return _float(value)
    if not isinstance(value, str):
        value = value.item() if hasattr(value, "item") and getattr(value, "size", 0) == 1 else value
        return _float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
    text = value.strip()
    if text.lower() in BLANK or len(text) > 100:
        return None
    if decimal != ".":
        text = text.replace(decimal, ".")
    try:
        return None if "_" in text else float(text)
    except ValueError:
        return _decorated(text)


def _decorated(text: str) -> float | None:
    bare = DECORATION.sub("", text)
    if NUMBER.fullmatch(bare):
        return float(bare.rstrip("%"))
    if found := WRAPPED.fullmatch(text):
        return number(found[1])
    if found := DURATION.fullmatch(bare):
        hours, minutes, seconds = found.groups()
        return int(hours or 0) * 3600 + int(minutes) * 60 + float(seconds)
    return None


def _float(value: float) -> float | None:
    try:
        return float(value)
    except OverflowError:
        return None
