"""The one place where matplotlib draws.

It draws straight on matplotlib's SVG renderer, with paths, markers and texts and nothing else. A Figure with Axes gives
the same picture for more time: importing them costs 0.16 s, and laying out their ticks and texts 0.02 s a chart. Every
layer is a named group; `compact` styles it by CSS class instead of by colour, and hangs the tooltips on its shapes.
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Any

import matplotlib
from matplotlib.backend_bases import GraphicsContextBase
from matplotlib.backends.backend_svg import RendererSVG
from matplotlib.font_manager import FontProperties
from matplotlib.markers import MarkerStyle
from matplotlib.path import Path
from matplotlib.transforms import IdentityTransform

# Texts stay texts, in the font of the page; the fixed salt makes the ids, and so the bytes, the same each time.
STYLE: Any = {"svg.fonttype": "none", "svg.hashsalt": "dermai-report", "path.simplify": True}
NO_METADATA = dict.fromkeys(("Date", "Creator", "Format", "Type"))
MARKER_SIZE = 6.6
BLACK = (0.0, 0.0, 0.0)

Point = tuple[float, float]


def settings() -> AbstractContextManager[None]:
    """The matplotlib settings under which a canvas must be made and drawn on; those of the program come back after."""
    return matplotlib.rc_context(STYLE)


@dataclass(frozen=True)
class Layer:
    """A drawn layer: its CSS classes, how its texts are anchored, and a tooltip for each shape in the order drawn."""

    style: str
    tips: Sequence[str] = ()
    anchor: str = "start"


@dataclass
class Canvas:
    """A drawing of width x height units whose plot area is `box`: left, top, right, bottom, from the top left corner.

    Data values in x_range and y_range fill the box; y_range is (bottom, top).
    """

    width: float
    height: float
    box: tuple[float, float, float, float]
    x_range: tuple[float, float]
    y_range: tuple[float, float]
    layers: dict[str, Layer] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Start an empty drawing: 72 dots an inch make one dot one SVG unit."""
        self._out = io.StringIO()
        self._context = GraphicsContextBase()
        self._font = FontProperties()
        renderer: Any = RendererSVG  # matplotlib does not type its renderers
        self._renderer = renderer(self.width, self.height, self._out, image_dpi=72, metadata=NO_METADATA)

    def x(self, value: float) -> float:
        """Where a data value lies, in units from the left."""
        low, high = self.x_range
        return self.box[0] + (value - low) / (high - low) * (self.box[2] - self.box[0])

    def y(self, value: float) -> float:
        """Where a data value lies, in units from the top."""
        low, high = self.y_range
        return self.box[3] - (value - low) / (high - low) * (self.box[3] - self.box[1])

    def text(self, style: str, at: Point, words: str, anchor: str = "start", rotation: float = 0) -> None:
        """A line of text at a place in units; anchor is start, middle or end, rotation in degrees to the left."""
        with self._layer(Layer(style, (), anchor)):
            self._renderer.draw_text(self._context, *at, words, self._font, rotation)

    def line(self, style: str, points: Sequence[Point]) -> None:
        """A line through data points; NaN leaves a gap."""
        with self._layer(Layer(style)):
            self._path(Path(self._places(points)))

    def segments(self, style: str, pieces: Sequence[tuple[Point, Point]]) -> None:
        """Straight pieces between pairs of data points."""
        if pieces:
            codes = [Path.MOVETO, Path.LINETO] * len(pieces)
            with self._layer(Layer(style)):
                self._path(Path(self._places([point for piece in pieces for point in piece]), codes))

    def markers(self, style: str, points: Sequence[Point], marker: str, tips: Sequence[str]) -> None:
        """A marker at each data point, with its tooltip."""
        shape: Any = MarkerStyle(marker)
        places = Path(self._places(points))
        scale = shape.get_transform().scale(MARKER_SIZE)
        with self._layer(Layer(style, tips)):
            self._renderer.draw_markers(self._context, shape.get_path(), scale, places, IdentityTransform(), BLACK)

    def area(self, style: str, x: Sequence[float], low: Sequence[float], high: Sequence[float]) -> None:
        """The area between two lines; where either is NaN, a gap."""
        with self._layer(Layer(style)):
            for part in _stretches(x, low, high):
                there = [(a, b) for a, b, _ in part]
                back = [(a, c) for a, _, c in reversed(part)]
                self._path(_closed(self._places(there + back)), filled=True)

    def boxes(self, style: str, corners: Sequence[tuple[float, float, float, float]], tips: Sequence[str] = ()) -> None:
        """Filled rectangles (x0, y0, x1, y1) in data values, each with its tooltip where there are any."""
        if not corners:
            return
        with self._layer(Layer(style, tips)):
            for a, b, c, d in corners:
                self._path(_closed(self._places([(a, b), (c, b), (c, d), (a, d)])), filled=True)

    def svg(self) -> str:
        """What matplotlib wrote; nothing can be drawn after."""
        self._renderer.finalize()
        return self._out.getvalue()

    @contextmanager
    def _layer(self, layer: Layer) -> Iterator[None]:
        name = f"layer{len(self.layers)}"
        self.layers[name] = layer
        self._renderer.open_group("layer", gid=name)
        yield
        self._renderer.close_group("layer")

    def _path(self, path: Path, filled: bool = False) -> None:
        self._renderer.draw_path(self._context, path, IdentityTransform(), BLACK if filled else None)

    def _places(self, points: Sequence[Point]) -> list[Point]:
        # The renderer counts a path's y from the bottom, and a text's from the top.
        return [(self.x(x), self.height - self.y(y)) for x, y in points]


def _closed(places: list[Point]) -> Path:
    codes = [Path.MOVETO, *[Path.LINETO] * (len(places) - 1), Path.CLOSEPOLY]
    return Path([*places, places[0]], codes)


def _stretches(x: Sequence[float], low: Sequence[float], high: Sequence[float]) -> Iterator[list[tuple[float, float, float]]]:
    stretch: list[tuple[float, float, float]] = []
    for point in zip(x, low, high, strict=True):
        if all(map(math.isfinite, point)):
            stretch.append(point)
        elif stretch:
            yield stretch
            stretch = []
    if stretch:
        yield stretch
