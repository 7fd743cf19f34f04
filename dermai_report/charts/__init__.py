"""Chart data -> pictures, all drawn on one `canvas`; a kind of chart is a file named as the chart's tag.

Lengths are SVG units; a page shows a chart at about its natural size, and never below three quarters of it.
"""

from __future__ import annotations

from dermai_report import registry
from dermai_report.charts.canvas import Canvas
from dermai_report.report import Chart


def kind(chart: Chart) -> str:
    """The tag of a chart: "lines", "matrix" or "intervals"."""
    return str(type(chart).__struct_config__.tag)


def svg(chart: Chart, prefix: str) -> str:
    """The chart as a compact <svg> element for a page that has the chart styles; `prefix` keeps its ids apart.

    Empty when there is nothing to draw.
    """
    from dermai_report.charts import as_svg

    canvas = _drawn(chart)
    return as_svg.write(canvas, prefix, chart.title, chart.caption) if canvas else ""


def _drawn(chart: Chart) -> Canvas | None:
    canvas: Canvas | None = registry.load("charts", kind(chart), "kind of chart").draw(chart)
    return canvas
