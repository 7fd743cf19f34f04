"""A confusion matrix: rows are true classes, columns predicted ones; each row is shaded by its own rates."""

from __future__ import annotations

import bisect
import math
from dataclasses import dataclass

from dermai_report import formatting as fmt
from dermai_report.charts import axes
from dermai_report.charts.canvas import Canvas
from dermai_report.report import MatrixChart

# Upper ends of the shades, as rates of the row. They lie closer where mistakes lie, or all mistakes would look alike.
SHADES = (0.0, 0.05, 0.1, 0.2, 0.3, 0.45, 0.6, 0.8, 1.0)
DARK = 6  # the first shade whose text is light (in the dark scheme: whose text is dark)
MOST_TIPS = 1500  # cells with a tooltip, the fullest first: the table under the chart has all
NAME = 22


@dataclass(frozen=True)
class Cell:
    """One cell: row and column, count, the row's total, and its tooltip."""

    row: int
    column: int
    count: int
    total: int
    tip: str

    @property
    def level(self) -> int:
        """The shade: 0 for none of the row, 8 for all of it."""
        return bisect.bisect_left(SHADES, self.count / self.total) if self.total else 0


def draw(chart: MatrixChart) -> Canvas | None:
    """The chart on a canvas, or None when it has no class."""
    n = len(chart.labels)
    if not n:
        return None
    size = 54.0 if n <= 8 else 44.0 if n <= 12 else 28.0 if n <= 25 else max(4.0, 640 / n)
    names = [fmt.shorten(fmt.one_line(label), NAME) for label in chart.labels]
    longest = axes.room(names)
    left = max(longest, axes.room([chart.row_label[:NAME]]) + 14) + 12
    above = longest * 0.62 + 40
    edge = left + n * size
    canvas = Canvas(edge + longest * 0.82, above + n * size + 4, (left, above, edge, above + n * size), (0, n), (n, 0))
    canvas.text("axis", (left, 12), f"{fmt.shorten(fmt.one_line(chart.column_label), NAME)} →")
    canvas.text("axis", (left - 10, above - 8), f"{fmt.shorten(fmt.one_line(chart.row_label), NAME)} ↓", "end")
    for i in range(0, n, math.ceil(14 / size)):
        canvas.text("name", (left - 10, above + (i + 0.5) * size + 4), names[i], "end")
        canvas.text("name", (left + (i + 0.5) * size + 3, above - 9), names[i], rotation=38)
    _cells(canvas, _filled(chart, names, size), size)
    return canvas


def _filled(chart: MatrixChart, names: list[str], size: float) -> list[Cell]:
    """The cells to draw, the fullest first; small cells of a large matrix only where they hold anything."""
    cells = []
    for i, row in enumerate(chart.counts):
        total = sum(row)
        for j, count in enumerate(row):
            if count or size >= 28:
                cells.append(Cell(i, j, count, total, _tip(names, i, j, count, total)))
    return sorted(cells, key=lambda cell: -cell.count)


def _tip(names: list[str], i: int, j: int, count: int, total: int) -> str:
    rate = f" ({fmt.quantity(count / total, 'percent', 1)})" if total else ""
    what = f"{names[i]}, recognised" if i == j else f"{names[i]} taken for {names[j]}"
    return f"{what}: {count:,} of {total:,}{rate}"


def _cells(canvas: Canvas, cells: list[Cell], size: float) -> None:
    shades: dict[str, list[Cell]] = {}
    for rank, cell in enumerate(cells):
        style = f"cell {'right' if cell.row == cell.column else 'wrong'} m{cell.level}"
        shades.setdefault(style if rank < MOST_TIPS else f"{style} few", []).append(cell)
    gap = 0.5 / size if size >= 12 else 0.0
    for style, group in sorted(shades.items()):
        corners = [(c.column + gap, c.row + gap, c.column + 1 - gap, c.row + 1 - gap) for c in group]
        canvas.boxes(style, corners, () if style.endswith("few") else [cell.tip for cell in group])
    if size >= 28:
        for cell in sorted(cells, key=lambda cell: (cell.row, cell.column)):
            _count(canvas, cell, size)


def _count(canvas: Canvas, cell: Cell, size: float) -> None:
    x, y = canvas.x(cell.column + 0.5), canvas.y(cell.row + 0.5)
    ink = "over" if cell.level >= DARK else "zero" if not cell.count else "ink"
    with_rate = size >= 40 and cell.total and cell.count
    canvas.text(f"count {ink}", (x, y + (0 if with_rate else 4)), f"{cell.count:,}", "middle")
    if with_rate:
        canvas.text(f"rate {ink}", (x, y + 14), fmt.quantity(cell.count / cell.total, "percent", 0), "middle")
