"""Chart data -> pictures, all drawn on one `canvas`; a kind of chart is a file named as the chart's tag.

Lengths are SVG units; a page shows a chart at about its natural size, and never below three quarters of it.
"""

from __future__ import annotations

from dermai_report import registry
from dermai_report.charts.canvas import Canvas
from dermai_report.report import Chart, LineChart


def kind(chart: Chart) -> str:
    """The tag of a chart: "lines", "matrix" or "intervals"."""
    return str(type(chart).__struct_config__.tag)


def svg(chart: Chart, prefix: str) -> str:
    """The chart as a compact <svg> element for a page that has the chart styles; `prefix` keeps its ids apart.

    Empty when there is nothing to draw.
    """
    from dermai_report.charts import as_svg

    canvas = drawn(chart)
    return as_svg.write(canvas, prefix, chart.title, chart.caption) if canvas else ""


def png(chart: Chart) -> bytes:
    """The chart as a PNG with its legend, for places that show picture files; empty when there is nothing to draw."""
    from dermai_report.charts import as_png, lines

    canvas = drawn(chart)
    legend = lines.legend(chart) if isinstance(chart, LineChart) and len(chart.series) > 1 else []
    return as_png.write(canvas, legend) if canvas else b""


def drawn(chart: Chart) -> Canvas | None:
    """The chart on a canvas; None when there is nothing to draw."""
    canvas: Canvas | None = registry.load("charts", kind(chart), "kind of chart").draw(chart)
    return canvas
