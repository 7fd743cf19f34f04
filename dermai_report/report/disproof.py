"""What was predicted of an action, and what came of it, as data."""

from __future__ import annotations

from typing import Literal

import msgspec

from dermai_report.report.finding import Prediction
from dermai_report.report.record import Interval, Record, Tone, Unit

Held = Literal["held", "did not hold", "cannot tell"]
TONES: dict[Held, Tone] = {"held": "good", "did not hold": "bad", "cannot tell": "unknown"}


class Difference(Record, frozen=True):
    """One number of two runs. difference: the run less the baseline; better: whether its interval shows the run to be better.

    better is None where the interval covers 0 or there is none; basis says what the interval rests on, or why there is none.
    """

    label: str
    baseline: float | int | None
    run: float | int | None
    unit: Unit
    difference: float | None = None
    ci95: Interval | None = None
    better: bool | None = None
    basis: str = ""
    n: int | None = None


class PredictionCheck(Record, frozen=True):
    """A prediction, both runs' numbers with the interval of their difference, and whether it held. said: the direction in words.

    "held" and "did not hold" are shown by the interval, or by a count; all else is "cannot tell", measured.basis saying why.
    """

    prediction: Prediction
    said: str
    held: Held
    measured: Difference

    @property
    def tone(self) -> Tone:
        """How it is marked."""
        return TONES[self.held]


class ActionCheck(Record, frozen=True):
    """The predictions of one action, on runs that took it; it held where all did, and did not where one did not.

    unchecked: why a run cannot show it, where there is no prediction. seeds: pairs of runs that this rests on. together: other actions
    that were taken with it, so that what came of it may be theirs.
    """

    action: str
    title: str
    disproof: str
    held: Held
    checks: list[PredictionCheck]
    seeds: int = 1
    together: list[str] = msgspec.field(default_factory=list)
    unchecked: str = ""

    @property
    def tone(self) -> Tone:
        """How it is marked."""
        return TONES[self.held]
