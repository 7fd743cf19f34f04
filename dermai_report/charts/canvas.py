"""What a chart draws, as data: words, lines, areas and markers, each with the CSS classes that style it.

`as_svg` writes it for the page, `as_png` as a picture file. Lengths are units from the top left corner.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

Point = tuple[float, float]
P = TypeVar("P", bound=tuple[float, ...])


@dataclass(frozen=True)
class Words:
    """A line of text at a place; anchor is start, middle or end, rotation in degrees to the left."""

    style: str
    at: Point
    words: str
    anchor: str
    rotation: float


@dataclass(frozen=True)
class Lines:
    """Lines through two or more points each."""

    style: str
    lines: list[list[Point]]


@dataclass(frozen=True)
class Areas:
    """Filled outlines."""

    style: str
    outlines: list[list[Point]]


@dataclass(frozen=True)
class Boxes:
    """Filled rectangles (left, top, right, bottom), with a tooltip each where there are any."""

    style: str
    boxes: list[tuple[float, float, float, float]]
    tips: Sequence[str]


@dataclass(frozen=True)
class Markers:
    """A marker ("o", "s" or "D") at each place, with a tooltip each."""

    style: str
    places: list[Point]
    marker: str
    tips: Sequence[str]


Layer = Words | Lines | Areas | Boxes | Markers


@dataclass
class Canvas:
    """A drawing of width x height units whose plot area is `box`: left, top, right, bottom.

    Data values in x_range and y_range fill the box; y_range is (bottom, top). `layers` is what was drawn, lowest first.
    """

    width: float
    height: float
    box: tuple[float, float, float, float]
    x_range: tuple[float, float]
    y_range: tuple[float, float]
    layers: list[Layer] = field(default_factory=list)

    def x(self, value: float) -> float:
        """Where a data value lies, in units from the left."""
        low, high = self.x_range
        return self.box[0] + (value - low) / (high - low) * (self.box[2] - self.box[0])

    def y(self, value: float) -> float:
        """Where a data value lies, in units from the top."""
        low, high = self.y_range
        return self.box[3] - (value - low) / (high - low) * (self.box[3] - self.box[1])

    def text(self, style: str, at: Point, words: str, anchor: str = "start", rotation: float = 0) -> None:
        """A line of text at a place in units."""
        self.layers.append(Words(style, at, words, anchor, rotation))

    def line(self, style: str, points: Sequence[Point]) -> None:
        """A line through data points; a value that is no number leaves a gap."""
        stretches = list(_stretches(points))
        if stretches:
            self.layers.append(Lines(style, [self._places(stretch) for stretch in stretches]))

    def segments(self, style: str, pieces: Sequence[tuple[Point, Point]]) -> None:
        """Straight pieces between pairs of data points."""
        if pieces:
            self.layers.append(Lines(style, [self._places(piece) for piece in pieces]))

    def markers(self, style: str, points: Sequence[Point], marker: str, tips: Sequence[str]) -> None:
        """A marker at each data point, with its tooltip."""
        self.layers.append(Markers(style, self._places(points), marker, tips))

    def area(self, style: str, x: Sequence[float], low: Sequence[float], high: Sequence[float]) -> None:
        """The area between two lines; where either is no number, a gap."""
        outlines = []
        for stretch in _stretches(list(zip(x, low, high, strict=True))):
            there = [(a, b) for a, b, _ in stretch]
            back = [(a, c) for a, _, c in reversed(stretch)]
            outlines.append(self._places(there + back))
        if outlines:
            self.layers.append(Areas(style, outlines))

    def boxes(self, style: str, corners: Sequence[tuple[float, float, float, float]], tips: Sequence[str] = ()) -> None:
        """Filled rectangles (x0, y0, x1, y1) in data values, each with its tooltip where there are any."""
        if corners:
            self.layers.append(Boxes(style, [self._box(*box) for box in corners], tips))

    def _box(self, x0: float, y0: float, x1: float, y1: float) -> tuple[float, float, float, float]:
        left, right = sorted((self.x(x0), self.x(x1)))
        top, bottom = sorted((self.y(y0), self.y(y1)))
        return left, top, right, bottom

    def _places(self, points: Sequence[Point]) -> list[Point]:
        return [(self.x(x), self.y(y)) for x, y in points]


def _stretches(points: Sequence[P]) -> Iterator[list[P]]:
    """The points in runs without a gap."""
    stretch: list[P] = []
    for point in points:
        if all(map(math.isfinite, point)):
            stretch.append(point)
        elif stretch:
            yield stretch
            stretch = []
    if stretch:
        yield stretch
