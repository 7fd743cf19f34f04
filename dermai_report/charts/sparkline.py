"""A curve in the size of a word: as SVG for a page, as block characters for text."""

from __future__ import annotations

import math
from collections.abc import Sequence

WIDTH, HEIGHT, EDGE = 90, 22, 3
MOST_POINTS = 60
BLOCKS = "▁▂▃▄▅▆▇█"
WORDS = 12  # characters of a curve as text

Values = Sequence[float | None]


def svg(values: Values, best: int | None) -> str:
    """A line through the values with a dot at place `best`; empty for fewer than two known values. Gaps are bridged."""
    known = [(i, v) for i, v in enumerate(values) if v is not None and math.isfinite(v)]
    if len(known) < 2:
        return ""
    low, high = min(v for _, v in known), max(v for _, v in known)

    def place(i: int, v: float) -> str:
        x = EDGE + (WIDTH - 2 * EDGE) * i / (len(values) - 1)
        y = HEIGHT / 2 if high == low else EDGE + (HEIGHT - 2 * EDGE) * (high - v) / (high - low)
        return f"{x:.1f} {y:.1f}"

    drawn = known[:: math.ceil(len(known) / MOST_POINTS)]
    if drawn[-1] != known[-1]:
        drawn.append(known[-1])
    path = "M" + "L".join(place(i, v) for i, v in drawn)
    dots = [place(i, v).split() for i, v in known if i == best]
    dot = "".join(f'<circle cx="{x}" cy="{y}" r="2.6"/>' for x, y in dots)
    size = f'viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}"'
    return f'<svg class="spark" {size} aria-hidden="true"><path d="{path}"/>{dot}</svg>'


def text(values: Values) -> str:
    """The same in at most `WORDS` block characters, each the mean of its epochs; a space where none is known."""
    if not values:
        return ""
    n = min(WORDS, len(values))
    parts = [
        [v for v in values[i * len(values) // n : (i + 1) * len(values) // n] if v is not None and math.isfinite(v)]
        for i in range(n)
    ]
    means = [sum(part) / len(part) if part else None for part in parts]
    known = [mean for mean in means if mean is not None]
    if len(known) < 2:
        return ""
    low, span = min(known), max(known) - min(known)
    return "".join(" " if m is None else BLOCKS[round((m - low) / span * 7) if span else 3] for m in means)
