"""The numbers of a chart as a Table, so that no chart is the only place where a number stands."""

from __future__ import annotations

import math

from dermai_report.report import Cell, Chart, IntervalChart, LineChart, MatrixChart, Series, Table, Unit

MOST_ROWS = 400  # rows of a table of lines
MOST_CLASSES = 120  # rows and columns of a matrix shown as a table
ELSEWHERE = "report.json has all of them."


def table(chart: Chart, most_rows: int = MOST_ROWS) -> Table:
    """The chart's numbers; where they are too many for a page, a part of them and a caption that says so."""
    if isinstance(chart, LineChart):
        return _lines(chart, most_rows)
    return _matrix(chart) if isinstance(chart, MatrixChart) else _intervals(chart)


def _lines(chart: LineChart, most_rows: int) -> Table:
    shown = [series for series in chart.series if series.role != "reference" or len(chart.series) == 1]
    places = sorted({x for series in shown for x in series.x})
    every = math.ceil(len(places) / most_rows) or 1
    columns = [_cells(chart, series) for series in shown]
    unknown = Cell(value=None, unit=chart.unit)
    x_unit: Unit = chart.unit if chart.square else "plain"
    rows = [[_place(x, x_unit), *(cells.get(x, unknown) for cells in columns)] for x in places[::every]]
    caption = f"One row in {every} is shown; {ELSEWHERE}" if every > 1 else ""
    names = [chart.x_label, *(series.label for series in shown)]
    return Table(id=chart.id, title=chart.title, columns=names, rows=rows, caption=caption)


def _cells(chart: LineChart, series: Series) -> dict[float, Cell]:
    if not (series.low and series.high):
        return {x: Cell(value=y, unit=chart.unit) for x, y in zip(series.x, series.y, strict=True)}
    return {
        x: Cell(value=y, unit=chart.unit, ci95=None if low is None or high is None else (low, high))
        for x, y, low, high in zip(series.x, series.y, series.low, series.high, strict=True)
    }


def _place(x: float, unit: Unit) -> Cell:
    return Cell(value=round(x), unit="epoch") if unit == "plain" and x == round(x) else Cell(value=x, unit=unit)


def _matrix(chart: MatrixChart) -> Table:
    shown = chart.labels[:MOST_CLASSES]
    rows = [
        [Cell(value=label), *(Cell(value=count, unit="count") for count in counts[:MOST_CLASSES])]
        for label, counts in zip(shown, chart.counts, strict=False)
    ]
    few = f"The first {MOST_CLASSES} classes are shown; {ELSEWHERE}" if len(shown) < len(chart.labels) else ""
    corner = f"{chart.row_label} ↓ / {chart.column_label} →"
    return Table(id=chart.id, title=chart.title, columns=[corner, *shown], rows=rows, caption=few)


def _intervals(chart: IntervalChart) -> Table:
    rows = [
        [
            Cell(value=bar.label),
            Cell(
                value=bar.value,
                unit=chart.unit,
                ci95=None if bar.low is None or bar.high is None else (bar.low, bar.high),
            ),
            Cell(value=bar.n, unit="count"),
        ]
        for bar in chart.bars
    ]
    return Table(id=chart.id, title=chart.title, columns=["", chart.x_label, "n"], rows=rows)
