"""Charts made ready for a page: drawn as SVG, with legend, numbers and the room they take."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from markupsafe import Markup

from dermai_report import charts
from dermai_report.charts import lines, numbers
from dermai_report.report import Chart, LineChart, MatrixChart, Table


@dataclass(frozen=True)
class Figure:
    """A chart for the page; `wide` ones scroll sideways in a narrow window, `alone` ones have a row to themselves."""

    id: str
    kind: str
    title: str
    caption: str
    svg: Markup
    legend: list[lines.Entry]
    table: Table
    wide: bool
    alone: bool


def figures(chosen: Iterable[Chart], numbering: Iterator[int]) -> list[Figure]:
    """The charts of one place on the page, matrices last; `numbering` gives each an id of its own."""
    narrow_first = sorted(chosen, key=lambda chart: isinstance(chart, MatrixChart))
    narrow = sum(not isinstance(chart, MatrixChart) for chart in narrow_first)
    unpaired = narrow - 1 if narrow % 2 else None
    return [_figure(c, f"chart{next(numbering)}", i == unpaired or i >= narrow) for i, c in enumerate(narrow_first)]


def _figure(chart: Chart, id: str, alone: bool) -> Figure:
    legend = lines.legend(chart) if isinstance(chart, LineChart) and len(chart.series) > 1 else []
    return Figure(
        id=id,
        kind=charts.kind(chart),
        title=chart.title,
        caption=chart.caption,
        svg=Markup(charts.svg(chart, id)),
        legend=legend,
        table=numbers.table(chart),
        wide=isinstance(chart, MatrixChart),
        alone=alone,
    )
