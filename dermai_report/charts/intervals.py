"""Values with their intervals, one row each, and a reference line."""

from __future__ import annotations

import math

from dermai_report import formatting as fmt
from dermai_report.charts import axes
from dermai_report.charts.axes import Scale
from dermai_report.charts.canvas import Canvas
from dermai_report.report import Bar, IntervalChart

WIDTH, BELOW = 420.0, 42
NAME = 22
SMALLEST_SPAN = 0.2
MOST_ROWS = 200  # rows drawn; the table under the chart has all


def draw(chart: IntervalChart) -> Canvas | None:
    """The chart on a canvas, or None when no value is known."""
    bars = [bar for bar in chart.bars if fmt.known(bar.value)][:MOST_ROWS]
    if not bars:
        return None
    names = [fmt.shorten(fmt.one_line(bar.label), NAME) for bar in bars]
    digits = 1 if any(bar.low is not None for bar in bars) else 2
    values = [fmt.quantity(bar.value, chart.unit, digits) for bar in bars]
    left, right, above = axes.room(names) + 16, axes.room(values) + 14, 24 if chart.reference_label else 8
    width, row = max(WIDTH, left + right + 180), 26 if len(bars) <= 30 else 18
    everything = axes.numbers(v for bar in bars for v in (bar.value, bar.low, bar.high, chart.reference))
    ends = [value for value in everything if math.isfinite(value)]
    scale = Scale.around(_widened(ends) if chart.unit == "percent" else ends, 5)
    bottom = above + row * len(bars)
    box = (left, above, width - right, bottom)
    canvas = Canvas(width, bottom + BELOW, box, scale.range, (len(bars), 0))
    _axes(canvas, chart, scale.ticks)
    _rows(canvas, chart, bars, names, values)
    return canvas


def _widened(ends: list[float]) -> list[float]:
    # An axis of a few points of percent would make a small difference look large.
    middle, half = (min(ends) + max(ends)) / 2, max(SMALLEST_SPAN, max(ends) - min(ends)) / 2
    return [max(0.0, middle - half), min(1.0, middle + half)]


def _axes(canvas: Canvas, chart: IntervalChart, ticks: list[float]) -> None:
    rows, bottom = canvas.y_range[0], canvas.box[3]
    canvas.segments("grid", [((tick, 0), (tick, rows)) for tick in ticks])
    for tick, words in zip(ticks, axes.words(ticks, chart.unit), strict=True):
        canvas.text("tick", (canvas.x(tick), bottom + 18), words, "middle")
    canvas.text("axis", (canvas.box[2], bottom + 38), fmt.shorten(fmt.one_line(chart.x_label), 60), "end")
    if chart.reference is not None and fmt.known(chart.reference):
        canvas.segments("mark", [((chart.reference, 0), (chart.reference, rows))])
        label = fmt.shorten(fmt.one_line(chart.reference_label or ""), 44)
        canvas.text("label", (canvas.x(chart.reference), canvas.box[1] - 8), label, "middle")


def _rows(canvas: Canvas, chart: IntervalChart, bars: list[Bar], names: list[str], values: list[str]) -> None:
    middles = [i + 0.5 for i in range(len(bars))]
    ends = [(y, low, high) for y, bar in zip(middles, bars, strict=True) for low, high in [axes.numbers((bar.low, bar.high))]]
    canvas.segments("bar test k0", [((low, y), (high, y)) for y, low, high in ends if math.isfinite(low + high)])
    points = [(float(bar.value or 0.0), y) for y, bar in zip(middles, bars, strict=True)]
    canvas.markers("point test k0", points, "o", [_tip(chart, bar) for bar in bars])
    for y, name, value in zip(middles, names, values, strict=True):
        canvas.text("name", (canvas.box[0] - 10, canvas.y(y) + 4), name, "end")
        canvas.text("value", (canvas.width - 1, canvas.y(y) + 4), value, "end")


def _tip(chart: IntervalChart, bar: Bar) -> str:
    ci = None if bar.low is None or bar.high is None else (bar.low, bar.high)
    samples = "" if bar.n is None else f", n = {bar.n:,}"
    return f"{fmt.shorten(bar.label, 60)}: {fmt.with_interval(bar.value, chart.unit, ci)}{samples}"
