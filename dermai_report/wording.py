"""How numbers are worded for people: the one place that rounds. Used by rules, answers and templates alike."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

UNKNOWN = "unknown"
SPLITS = {"train": "training", "val": "validation", "test": "test"}


def percent(fraction: float | None, digits: int = 2) -> str:
    """0.7468 -> "74.68 %"."""
    return UNKNOWN if fraction is None else f"{_signed(100 * fraction, digits)} %"


def points(fraction: float | None, digits: int = 2) -> str:
    """0.0563 -> "5.63 points": a difference of two percentages."""
    return UNKNOWN if fraction is None else f"{_signed(100 * fraction, digits)} points"


def nats(loss: float | None) -> str:
    """0.78923 -> "0.7892"."""
    return UNKNOWN if loss is None else (_signed(loss, 4) if math.isfinite(loss) else str(loss))


def percent_interval(interval: Sequence[float] | None, digits: int = 1) -> str:
    """(0.65, 0.72) -> "65.0 to 72.0 %"."""
    return UNKNOWN if interval is None else _span(interval, digits, "%")


def points_interval(interval: Sequence[float] | None, digits: int = 1) -> str:
    """(-0.01, 0.12) -> "-1.0 to 12.0 points"."""
    return UNKNOWN if interval is None else _span(interval, digits, "points")


def confidence(value: float) -> str:
    """0.153 -> "0.15"; certainty is never printed."""
    return f"{min(value, 0.99):.2f}"


def p_value(p: float) -> str:
    """0.000002 -> "< 0.001"; 0.0312 -> "0.031"."""
    return "< 0.001" if p < 0.001 else f"{p:.2g}"


def plural(n: int, noun: str, many: str | None = None) -> str:
    """(1, "epoch") -> "1 epoch"; (1200, "image") -> "1,200 images"."""
    return f"{n:,} {noun if n == 1 else many or noun + 's'}"


def listed(words: Iterable[str], most: int = 6) -> str:
    """("a", "b", "c") -> "a, b and c"; past `most`, how many more there are."""
    items = list(words)
    if len(items) > most:
        return f"{', '.join(items[:most])} and {len(items) - most} more"
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}" if items else ""


def runs(epochs: Iterable[int]) -> list[tuple[int, int]]:
    """(3, 4, 5, 8) -> [(3, 5), (8, 8)]: first and last of each stretch without a gap."""
    groups: list[tuple[int, int]] = []
    for e in sorted(set(epochs)):
        if groups and e == groups[-1][1] + 1:
            groups[-1] = (groups[-1][0], e)
        else:
            groups.append((e, e))
    return groups


def epoch_ranges(epochs: Iterable[int]) -> str:
    """(3, 4, 5, 8) -> "3-5, 8"."""
    return ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in runs(epochs))


def duration(seconds: float | None) -> str:
    """3725 -> "1 h 2 min"; a time that is no number is unknown."""
    if seconds is None or not math.isfinite(seconds):
        return UNKNOWN
    if seconds < 60:
        return f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.1f} s"
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"


def _span(interval: Sequence[float], digits: int, unit: str) -> str:
    return f"{_signed(100 * interval[0], digits)} to {_signed(100 * interval[1], digits)} {unit}"


def _signed(value: float, digits: int) -> str:
    """With a true minus sign, and no minus before a zero."""
    text = f"{value:.{digits}f}"
    return text.lstrip("-") if float(text) == 0 else text.replace("-", "\u2212")
