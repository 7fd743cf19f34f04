"""A canvas as one small <svg> element: shapes carry CSS classes instead of colours, and tooltips as <title>."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from markupsafe import escape

from dermai_report import formatting as fmt
from dermai_report.charts.canvas import Boxes, Canvas, Layer, Lines, Markers, Point, Words

SMALLEST, LARGEST = 0.72, 1.2
DESCRIBED = 600  # characters of a caption read out with the picture; the figure below it has the whole
SYMBOLS = {
    "o": "M0 3.3C0.9 3.3 1.7 3 2.3 2.3C3 1.7 3.3 0.9 3.3 0C3.3 -0.9 3 -1.7 2.3 -2.3C1.7 -3 0.9 -3.3 0 -3.3"
    "C-0.9 -3.3 -1.7 -3 -2.3 -2.3C-3 -1.7 -3.3 -0.9 -3.3 0C-3.3 0.9 -3 1.7 -2.3 2.3C-1.7 3 -0.9 3.3 0 3.3z",
    "s": "M-3.3 3.3L3.3 3.3L3.3 -3.3L-3.3 -3.3z",
    "D": "M0 4.7L4.7 0L0 -4.7L-4.7 0z",
}


def write(canvas: Canvas, prefix: str, title: str, description: str) -> str:
    """The canvas as an element that assistive technology takes for an image named `title`; `prefix` keeps its ids apart."""
    parts = []
    last = ""
    for number, layer in enumerate(canvas.layers):
        if layer.style != last:  # neighbours of one style, such as tick labels, share a group
            parts.append(f'{"</g>" if last else ""}<g class="{layer.style}">')
            last = layer.style
        parts.extend(_shapes(layer, f"{prefix}layer{number}"))
    size = f"{_short(canvas.width)} {_short(canvas.height)}"
    # Never so small that its texts cannot be read, nor so large that they shout.
    limits = f"min-width:{SMALLEST * canvas.width:.0f}px;max-width:{LARGEST * canvas.width:.0f}px"
    start = f'<svg viewBox="0 0 {size}" style="{limits}" role="img" aria-label="{_safe(title)}">'
    return f"{start}<desc>{_safe(fmt.shorten(description, DESCRIBED))}</desc>{''.join(parts)}{'</g>' if last else ''}</svg>"


def _shapes(layer: Layer, id: str) -> Iterator[str]:
    if isinstance(layer, Words):
        yield _text(layer)
    elif isinstance(layer, Markers):  # one symbol, used at every point
        yield f'<defs><path id="{id}" d="{SYMBOLS[layer.marker]}"/></defs>'
        for (x, y), tip in zip(layer.places, layer.tips, strict=True):
            yield f'<use href="#{id}" x="{_short(x)}" y="{_short(y)}">{_tip(tip)}</use>'
    elif isinstance(layer, Lines):
        yield f'<path d="{"".join(map(_path, layer.lines))}"/>'
    elif isinstance(layer, Boxes) and layer.tips:
        for box, tip in zip(layer.boxes, layer.tips, strict=True):
            yield f'<path d="{_rectangle(*box)}">{_tip(tip)}</path>'
    elif isinstance(layer, Boxes):
        yield f'<path d="{"".join(_rectangle(*box) for box in layer.boxes)}"/>'
    else:
        yield f'<path d="{"".join(f"{_path(outline)}z" for outline in layer.outlines)}"/>'


def _text(text: Words) -> str:
    x, y = map(_short, text.at)
    anchored = "" if text.anchor == "start" else f' text-anchor="{text.anchor}"'
    rotation = f' transform="rotate({_short(-text.rotation)} {x} {y})"' if text.rotation else ""
    return f'<text x="{x}" y="{y}"{anchored}{rotation}>{_safe(text.words)}</text>'


def _path(points: Sequence[Point]) -> str:
    return "M" + "L".join(f"{_short(x)} {_short(y)}" for x, y in points)


def _rectangle(left: float, top: float, right: float, bottom: float) -> str:
    # From rounded ends, so that neighbours meet; a large matrix has ten thousand of these.
    x, y = round(left, 1), round(top, 1)
    width, height = _short(round(right, 1) - x), _short(round(bottom, 1) - y)
    return f"M{_short(x)} {_short(y)}h{width}v{height}h-{width}z"


def _short(value: float) -> str:
    text = f"{value:.1f}"
    return text.removesuffix(".0") if text != "-0.0" else "0"


def _tip(words: str) -> str:
    return f"<title>{_safe(words)}</title>"


def _safe(words: str) -> str:
    return str(escape(fmt.visible(words)))
