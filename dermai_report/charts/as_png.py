"""A canvas as a PNG, drawn by matplotlib in the colours of the page's light scheme."""

from __future__ import annotations

import functools
import io
import re
from collections.abc import Sequence
from typing import Any

from dermai_report import formatting as fmt
from dermai_report.charts.canvas import Areas, Boxes, Canvas, Layer, Lines, Words
from dermai_report.charts.lines import Entry
from dermai_report.templating import template_dir

SCALE = 2  # dots a unit: sharp on a dense screen
DOTS = 100.0  # units an inch
LEGEND = 26  # units above the chart
MARGIN = 10  # units around it: the font is wider than that of most pages
TEXT = 0.94
SIZES = {"axis": 12.5, "count": 14, "rate": 11.5, "label": 12.5}  # of texts, in units; others 13
DASHES = {
    "val": (3.5, 2),
    "test": (4.5, 1.5, 1, 1.5),
    "reference": (1.3, 2.6),
    "k1": (3.5, 2),
    "k2": (4.5, 1.5, 1, 1.5),
    "k3": (1, 1.5),
}
ALIGN = {"start": "left", "middle": "center", "end": "right"}


def write(canvas: Canvas, legend: Sequence[Entry]) -> bytes:
    """The canvas as a PNG of two dots a unit, its legend above it; the same bytes with the same matplotlib."""
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    above = LEGEND if legend else 0
    height = canvas.height + above
    with mpl.rc_context({"font.family": "sans-serif", "font.sans-serif": ["DejaVu Sans"], "text.parse_math": False}):
        figure = Figure(
            figsize=((canvas.width + 2 * MARGIN) / DOTS, (height + 2 * MARGIN) / DOTS),
            dpi=DOTS * SCALE,
            facecolor=colour("card"),
        )
        axes = figure.add_axes(
            (0, 0, 1, 1), xlim=(-MARGIN, canvas.width + MARGIN), ylim=(canvas.height + MARGIN, -above - MARGIN)
        )
        axes.axis("off")
        for order, layer in enumerate(canvas.layers):
            _draw(axes, layer, order)
        if legend:
            handles = [_handle(entry) for entry in legend]
            names = [fmt.shorten(fmt.one_line(entry.label), 40) for entry in legend]
            figure.legend(handles, names, loc="upper left", ncols=4, frameon=False, fontsize=_points(12), borderaxespad=0.2)
        out = io.BytesIO()
        canvas_of: Any = FigureCanvasAgg  # matplotlib does not type it
        canvas_of(figure).print_png(out, metadata={"Software": None})
    return out.getvalue()


def _draw(axes: Any, layer: Layer, order: int) -> None:
    from matplotlib.collections import LineCollection, PolyCollection

    kind = layer.style.split()[0]
    look: dict[str, Any] = {"color": colour(layer.style), "zorder": order, "clip_on": False}
    if isinstance(layer, Words):
        x, y = layer.at
        weight = "bold" if kind in ("count", "value") and "zero" not in layer.style else "normal"
        size = _points(TEXT * SIZES.get(kind, 13))
        at = {"ha": ALIGN[layer.anchor], "va": "baseline", "rotation": layer.rotation, "rotation_mode": "anchor"}
        axes.text(x, y, layer.words, fontsize=size, fontweight=weight, **at, **look)
    elif isinstance(layer, Lines):
        stroke: dict[str, Any] = {
            "linewidths": _points({"grid": 1, "mark": 1, "bar": 2.5}.get(kind, 2)),
            "alpha": 0.5 if kind == "bar" else 1,
        }
        axes.add_collection(LineCollection(layer.lines, linestyles=[_dash(layer.style)], **stroke, **look))
    elif isinstance(layer, Areas | Boxes):
        outlines = (
            layer.outlines if isinstance(layer, Areas) else [[(a, b), (c, b), (c, d), (a, d)] for a, b, c, d in layer.boxes]
        )
        fill: dict[str, Any] = {"linewidths": 0, "alpha": {"band": 0.16, "span": 0.1}.get(kind, 1)}
        axes.add_collection(PolyCollection(outlines, **fill, **look))
    elif kind == "point":
        xs, ys = zip(*layer.places, strict=True)
        axes.plot(xs, ys, layer.marker, markersize=_points(6.6), markeredgewidth=0, **look)


def _handle(entry: Entry) -> Any:
    from matplotlib.lines import Line2D

    look: dict[str, Any] = {"color": colour(f"line {entry.style}"), "linestyle": _dash(f"line {entry.style}")}
    return Line2D(
        [], [], linewidth=_points(2), marker=entry.marker or "None", markersize=_points(6.6), markeredgewidth=0, **look
    )


def _dash(style: str) -> Any:
    kind, *names = style.split()
    if kind == "mark":
        return (0, (2, 3))
    name = next((name for name in reversed(names) if name in DASHES), None) if kind == "line" else None
    return (0, DASHES[name]) if name else "solid"


def _points(units: float) -> float:
    return units * 72 / DOTS


def colour(style: str) -> str:
    """The colour of a layer's CSS classes, or of a name, in the page's light scheme."""
    kind, *names = style.split()
    if kind == "cell":
        side, level = names[:2]
        return palette()[f"{'r' if side == 'right' else 'w'}{level[1:]}"]
    if kind in ("line", "point", "hit", "band", "bar"):
        role, number = names[0], names[-1][1:]
        return palette()[{"neutral": f"n{number}", "reference": "soft"}.get(role, role)]
    if kind in ("count", "rate"):
        return palette()[{"over": "over", "zero": "soft"}.get(names[0], "ink")]
    if kind in ("grid", "name", "value", "label"):
        return palette()["hair" if kind == "grid" else "ink"]
    return palette().get(kind, palette()["soft"])


@functools.cache
def palette() -> dict[str, str]:
    """The colours of the page's light scheme by their names in its styles."""
    found: dict[str, str] = {}
    for name in ("page.css", "charts.css"):
        text = (template_dir() / "html" / name).read_text(encoding="utf-8")
        light = text[text.index(":root{") : text.index("}")]
        found |= dict(re.findall(r"--([\w-]+):(#[0-9a-f]+)", light))
    return found
