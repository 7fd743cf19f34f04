"""matplotlib's SVG made small: layers become groups with CSS classes, shapes lose their colours and spare digits.

Of what matplotlib wrote only the named layers are kept. A shape with a tooltip gets a <title> inside it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from xml.etree import ElementTree

from markupsafe import escape

from dermai_report import formatting as fmt
from dermai_report.charts.canvas import Canvas, Layer

SVG = "{http://www.w3.org/2000/svg}"
HREF = "{http://www.w3.org/1999/xlink}href"
SMALLEST, LARGEST = 0.72, 1.2
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


def compact(canvas: Canvas, prefix: str, title: str, description: str) -> str:
    """The canvas as one <svg> element, an image to assistive technology, named by `title`."""
    root = ElementTree.fromstring(canvas.svg())
    symbols = {f"#{path.get('id')}": path.get("d", "") for path in root.iter(f"{SVG}path") if path.get("id")}
    groups = {group.get("id", ""): group for group in root.iter(f"{SVG}g")}
    parts = []
    last = ""
    for gid, layer in canvas.layers.items():
        if layer.style != last:  # neighbours of one style, such as tick labels, share a group
            parts.append(f'{"</g>" if last else ""}<g class="{layer.style}">')
            last = layer.style
        parts.extend(_shapes(groups[gid], layer, f"{prefix}{gid}", symbols))
    size = f"{_short(canvas.width)} {_short(canvas.height)}"
    # Never so small that its texts cannot be read, nor so large that they shout.
    limits = f"min-width:{SMALLEST * canvas.width:.0f}px;max-width:{LARGEST * canvas.width:.0f}px"
    start = f'<svg viewBox="0 0 {size}" style="{limits}" role="img" aria-label="{_safe(title)}">'
    return f"{start}<desc>{_safe(description)}</desc>{''.join(parts)}{'</g>' if last else ''}</svg>"


def _shapes(group: ElementTree.Element, layer: Layer, marker: str, symbols: Mapping[str, str]) -> Iterator[str]:
    texts = list(group.iter(f"{SVG}text"))
    uses = list(group.iter(f"{SVG}use"))
    if texts:
        yield from (_text(text, layer.anchor) for text in texts)
    elif uses:
        yield from _markers(uses, layer, marker, symbols)
    else:
        paths = [_path(path.get("d", "")) for path in group.iter(f"{SVG}path")]
        if layer.tips:
            yield from (f'<path d="{d}">{_tip(tip)}</path>' for d, tip in zip(paths, layer.tips, strict=True))
        elif paths:
            yield f'<path d="{"".join(paths)}"/>'


def _markers(uses: list[ElementTree.Element], layer: Layer, marker: str, symbols: Mapping[str, str]) -> Iterator[str]:
    # One symbol, used at every point; matplotlib defines it where it was first drawn.
    yield f'<defs><path id="{marker}" d="{_path(symbols[uses[0].get(HREF, "")])}"/></defs>'
    for use, tip in zip(uses, layer.tips, strict=True):
        x, y = _short(float(use.get("x", 0))), _short(float(use.get("y", 0)))
        yield f'<use href="#{marker}" x="{x}" y="{y}">{_tip(tip)}</use>'


def _text(text: ElementTree.Element, anchor: str) -> str:
    # matplotlib places a text by transform="translate(x y)" and, when turned, "rotate(degrees)" after it.
    x, y, *turn = (_short(float(number)) for number in _NUMBER.findall(text.get("transform", "")))
    anchored = "" if anchor == "start" else f' text-anchor="{anchor}"'
    rotation = f' transform="rotate({turn[0]} {x} {y})"' if turn and turn[0] != "0" else ""
    return f'<text x="{x}" y="{y}"{anchored}{rotation}>{_safe("".join(text.itertext()))}</text>'


def _path(d: str) -> str:
    """Path data with one decimal and no white space that is not needed."""
    d = _NUMBER.sub(lambda match: _short(float(match.group())), d)
    return re.sub(r"\s*([A-Za-z])\s*", r"\1", d.strip()).replace("\n", " ")


def _short(value: float) -> str:
    text = f"{value:.1f}"
    return text.removesuffix(".0") if text != "-0.0" else "0"


def _tip(words: str) -> str:
    return f"<title>{_safe(words)}</title>"


def _safe(words: str) -> str:
    return str(escape(fmt.visible(words)))
