"""Charts and tables, as data."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from dermai_report.report.record import Interval, Record, Role, Unit


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
    marks: list[Mark] = msgspec.field(default_factory=list)
    square: bool = False


class MatrixChart(Record, frozen=True, tag="matrix", tag_field="kind"):
    """Counts, rows x columns, both named; shares: of each row, where it has any."""

    id: str
    title: str
    caption: str
    row_label: str
    column_label: str
    labels: list[str]
    counts: list[list[int]]
    shares: list[list[float | None]] | None = None


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

    @property
    def words(self) -> list[bool]:
        """Of each column, whether it holds words, which are set from the left, and no number, not even one as text."""
        columns = zip(*self.rows, strict=True) if self.rows else [()] * len(self.columns)
        return [_are_words(cells) for cells in columns]


def _are_words(cells: Sequence[Cell]) -> bool:
    texts = [cell.value for cell in cells if isinstance(cell.value, str)]
    return len(texts) == len(cells) and any(letter.isalpha() for text in texts for letter in text)
