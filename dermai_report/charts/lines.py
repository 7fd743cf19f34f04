"""Lines over x (losses, accuracies, learning rates) and, when `square`, a reliability diagram."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count

from dermai_report import formatting as fmt
from dermai_report.charts import axes
from dermai_report.charts.axes import Scale
from dermai_report.charts.canvas import Canvas
from dermai_report.report import LineChart, Mark, Series

WIDTH, PLOT, RIGHT, BELOW = 400, 200, 18, 42
ABOVE, MARK_ROW = 30, 18
MARKERS = {"train": "o", "val": "s", "test": "D", "neutral": "o", "reference": ""}
MOST_MARKERS = 40  # points of a series beyond which its markers are only places for the tooltips
MOST_TIPS = 1000  # points of a series that get a tooltip
MARK_LABEL = 44  # characters of a mark's label

Points = list[tuple[float, float]]


@dataclass(frozen=True)
class Entry:
    """A line of the legend: the series' label, its CSS classes, and its marker ("" for none)."""

    label: str
    style: str
    marker: str


def draw(chart: LineChart) -> Canvas | None:
    """The chart on a canvas, or None when it holds no finite value."""
    points = [_points(series) for series in chart.series]
    if not any(points):
        return None
    x, y = _scales(chart, points)
    left = axes.room(axes.words(y.ticks, chart.unit)) + 14
    marks = _placed(chart.marks, x, left)
    above = ABOVE + MARK_ROW * max((row + 1 for _, row, _ in marks), default=0)
    bottom = above + (WIDTH - left - RIGHT if chart.square else PLOT)
    canvas = Canvas(WIDTH, bottom + BELOW, (left, above, WIDTH - RIGHT, bottom), x.range, y.range)
    _axes(canvas, chart, x.ticks, y.ticks)
    _marks(canvas, [(mark, row, anchor) for mark, row, anchor in marks if x.low <= mark.x <= x.high])
    for series, its_points, entry in zip(chart.series, points, legend(chart), strict=True):
        _series(canvas, chart, series, its_points, entry)
    return canvas


def legend(chart: LineChart) -> list[Entry]:
    """One entry a series: series of one role differ by the number in their style."""
    numbering = {series.role: count() for series in chart.series}
    return [Entry(s.label, f"{s.role} k{next(numbering[s.role]) % 4}", MARKERS[s.role]) for s in chart.series]


def _points(series: Series) -> Points:
    pairs = zip(axes.numbers(series.x), axes.numbers(series.y), strict=True)
    return [(x, y) for x, y in pairs if math.isfinite(x) and math.isfinite(y)]


def _scales(chart: LineChart, points: Sequence[Points]) -> tuple[Scale, Scale]:
    xs = [x for series in points for x, _ in series]
    ys = [y for series in points for _, y in series]
    for series in chart.series:
        ys += [y for y in axes.numbers([*(series.low or []), *(series.high or [])]) if math.isfinite(y)]
    if chart.square:
        both = Scale.enclosing([0.0, 1.0, *xs, *ys], 5)
        return both, both
    return Scale.around(xs, 10, whole=all(x == round(x) for x in xs)), Scale.around(ys, 6)


def _axes(canvas: Canvas, chart: LineChart, x_ticks: list[float], y_ticks: list[float]) -> None:
    low, high = canvas.x_range
    canvas.segments("grid", [((low, tick), (high, tick)) for tick in y_ticks])
    for tick, words in zip(y_ticks, axes.words(y_ticks, chart.unit), strict=True):
        canvas.text("tick", (canvas.box[0] - 8, canvas.y(tick) + 4), words, "end")
    bottom = canvas.box[3]
    for tick, words in zip(x_ticks, axes.words(x_ticks, chart.unit if chart.square else "plain"), strict=True):
        canvas.text("tick", (canvas.x(tick), bottom + 17), words, "middle")
    canvas.text("axis", (0, 12), fmt.shorten(fmt.one_line(chart.y_label), 60))
    canvas.text("axis", (WIDTH - RIGHT, bottom + 36), fmt.shorten(fmt.one_line(chart.x_label), 60), "end")


def _series(canvas: Canvas, chart: LineChart, series: Series, points: Points, entry: Entry) -> None:
    style = entry.style
    if series.low and series.high:
        x, low, high = axes.numbers(series.x), axes.numbers(series.low), axes.numbers(series.high)
        if chart.square:
            ends = [(x, a, b) for x, a, b in zip(x, low, high, strict=True) if math.isfinite(x + a + b)]
            canvas.segments(f"bar {style}", [((x, a), (x, b)) for x, a, b in ends])
        else:
            canvas.area(f"band {style}", x, low, high)
    canvas.line(f"line {style}", list(zip(axes.numbers(series.x), axes.numbers(series.y), strict=True)))
    if entry.marker and points:
        shown = points[:: math.ceil(len(points) / MOST_TIPS)]
        hidden = len(points) > MOST_MARKERS
        tips = list(_tips(chart, series, shown))
        canvas.markers(f"{'hit' if hidden else 'point'} {style}", shown, "o" if hidden else entry.marker, tips)


def _tips(chart: LineChart, series: Series, points: Points) -> Iterator[str]:
    ends = {x: (a, b) for x, a, b in zip(series.x, series.low or (), series.high or (), strict=False)}
    name, x_name = fmt.shorten(series.label, 60), fmt.shorten(chart.x_label, 40).lower()
    for x, y in points:
        low, high = ends.get(x, (None, None))
        value = fmt.with_interval(y, chart.unit, None if low is None or high is None else (low, high))
        where = fmt.quantity(x, chart.unit) if chart.square else fmt.bare(x, "count" if x == round(x) else "plain")
        yield f"{name}, {x_name} {where}: {value}"


def _placed(marks: Sequence[Mark], scale: Scale, left: float) -> list[tuple[Mark, int, str]]:
    """Each mark with the row above the plot that its label takes, and the side it runs to: no two labels overlap."""
    rows: list[list[tuple[float, float]]] = []
    placed = []
    for mark in marks:
        if not mark.label:  # a band that belongs to one before it
            placed.append((mark, 0, "start"))
            continue
        at = left + (WIDTH - left - RIGHT) * (mark.x - scale.low) / (scale.high - scale.low)
        length = axes.room([fmt.shorten(mark.label, MARK_LABEL)]) + 12
        anchor = "start" if at + length <= WIDTH else "end"
        start, end = (at, at + length) if anchor == "start" else (at - length, at)
        row = next((i for i, taken in enumerate(rows) if all(end < a or start > b for a, b in taken)), len(rows))
        if row == len(rows):
            rows.append([])
        rows[row].append((start, end))
        placed.append((mark, row, anchor))
    return placed


def _marks(canvas: Canvas, marks: list[tuple[Mark, int, str]]) -> None:
    low, high = canvas.y_range
    spans = [mark for mark, _, _ in marks if mark.until is not None and mark.until > mark.x]
    marks = [entry for entry in marks if entry[0].label]  # a band that belongs to one before it says nothing again
    canvas.boxes("span", [(mark.x, low, min(mark.until or mark.x, canvas.x_range[1]), high) for mark in spans])
    unit = (high - low) / (canvas.box[3] - canvas.box[1])
    tops = [ABOVE + MARK_ROW * row for _, row, _ in marks]
    rules = [((m.x, low), (m.x, high + unit * (canvas.box[1] - top + 8))) for (m, _, _), top in zip(marks, tops, strict=True)]
    canvas.segments("mark", rules)
    for (mark, _, anchor), top in zip(marks, tops, strict=True):  # after all rules, so that none runs through a label
        x = canvas.x(mark.x) + (5 if anchor == "start" else -5)
        canvas.text("label", (x, top + 3), fmt.shorten(fmt.one_line(mark.label), MARK_LABEL), anchor)
