"""Round axis ticks, the words at them, and room for labels."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dermai_report import formatting as fmt
from dermai_report.report import Unit

LETTER = 6.7  # mean width of a letter of a chart's text; placing labels by it is cheaper than measuring each
STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True)
class Scale:
    """The range of an axis and the ticks inside it."""

    low: float
    high: float
    ticks: list[float]

    @property
    def range(self) -> tuple[float, float]:
        """(low, high)."""
        return self.low, self.high

    @classmethod
    def around(cls, values: Sequence[float], most: int, whole: bool = False) -> Scale:
        """A range a little wider than the values, so that no marker is cut, with up to about `most` round ticks."""
        low, high = min(values), max(values)
        if low == high:
            margin = 1.0 if whole else abs(low) * 0.1 or 0.5
            return cls(low - margin, high + margin, [low])
        margin = (high - low) * 0.04
        reach = 0.0 if whole else margin  # there is no epoch 0, nor any after the last
        inside = [tick for tick in ticks(low, high, most, whole) if low - reach <= tick <= high + reach]
        return cls(low - margin, high + margin, inside)

    @classmethod
    def enclosing(cls, values: Sequence[float], most: int) -> Scale:
        """A range from tick to tick that holds all values."""
        round_values = ticks(min(values), max(values), most)
        return cls(round_values[0], round_values[-1], round_values)


def ticks(low: float, high: float, most: int, whole: bool = False) -> list[float]:
    """At most about `most` round values that enclose [low, high], evenly spaced; whole numbers on request."""
    if not high > low:
        low, high = low - (abs(low) * 0.1 or 0.5), low + (abs(low) * 0.1 or 0.5)
    step = _round_step((high - low) / most, whole)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [float(f"{i * step:.10g}") for i in range(first, last + 1)]


def words(values: Sequence[float], unit: Unit) -> list[str]:
    """The ticks as text, with as many decimals as their distance needs; percent with its sign, other units without."""
    scale = 100.0 if unit in ("percent", "points") else 1.0
    step = scale * (values[1] - values[0] if len(values) > 1 else 1.0)
    largest = scale * max((abs(value) for value in values), default=0.0)
    if step < 1e-6 or largest >= 1e6:
        return [fmt.bare(scale * value) for value in values]
    decimals = max(0, math.ceil(-math.log10(step) - 1e-9))
    if round(step * 10**decimals, 6) != round(step * 10**decimals):
        decimals += 1  # a step of 2.5 or 0.25
    texts = [f"{scale * value:,.{decimals}f}".replace("-", fmt.MINUS) for value in values]
    return [f"{text}%" for text in texts] if unit == "percent" else texts


def room(labels: Iterable[str]) -> float:
    """The width to leave for the longest of these labels."""
    return LETTER * max((len(label) for label in labels), default=0)


def numbers(values: Iterable[float | None]) -> list[float]:
    """The values as floats, NaN for what is not known."""
    return [math.nan if value is None or not fmt.known(value) else float(value) for value in values]


def _round_step(step: float, whole: bool) -> float:
    power: float = 10.0 ** math.floor(math.log10(step))
    rounded = next(s for s in STEPS if s * power >= step * (1 - 1e-9)) * power
    return max(1.0, math.ceil(rounded)) if whole else rounded
