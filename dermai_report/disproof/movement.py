"""How much the validation loss moves from epoch to epoch, around its course and as a part of it.

Read off the second differences of the logarithm of the losses, which a slow course does not touch. Two curves are held against each
other by the logarithms of their mean absolute second differences, each with the spread that its own values show: noise with long tails
varies more from curve to curve than an F test allows for.

When it is wrong: a curve that bends sharply looks noisier than it is; and in ten epochs there is little to see.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from dermai_report import measures
from dermai_report.disproof._measured import Measured, Pair
from dermai_report.disproof._repeated import mean_difference
from dermai_report.measures.intervals import student95
from dermai_report.run import Run

LABEL = "movement of the {split} loss from epoch to epoch"
LOWER, HIGHER = "smaller", "larger"
FEWEST = 6  # epochs: four second differences, of which about two are independent
# Second differences of white noise have correlations of -2/3 and 1/6 with their neighbours, so the mean of m of their squares varies
# as one of m / (1 + 2 (4/9 + 1/36)) independent ones would; that of their sizes a little less.
ALIKE = 1 + 2 * (4 / 9 + 1 / 36)
NORMAL = math.pi / 2 - 1  # variance of the size of a normal deviate, over its squared mean: less is taken for luck


def measure(pairs: Sequence[Pair], split: str) -> Measured:
    """By the noise of the two curves, or over seeds by their difference."""
    noises = [(_noise(pair.baseline), _noise(pair.run)) for pair in pairs]
    known = [(a, b) for a, b in noises if a is not None and b is not None]
    if len(known) < len(noises):
        return Measured("percent", basis=f"no interval: a run has fewer than {FEWEST} epochs with a finite loss above 0")
    if not all(measures.alternates(_logs(pair.baseline)) for pair in pairs):
        return Measured("percent", basis="the loss of the first run follows a smooth course, in which no noise can be told")
    if len(known) > 1:
        return mean_difference([a.size for a, _ in known], [b.size for _, b in known], "percent")
    before, now = known[0]
    if not before.size or not now.size:
        return Measured("percent", before.size, now.size, basis="no interval: a curve without any noise")
    ratio = math.log(now.size / before.size)
    half = student95(min(before.freedom, now.freedom)) * math.hypot(before.error, now.error)
    span = (before.size * math.expm1(ratio - half), before.size * math.expm1(ratio + half))
    return Measured("percent", before.size, now.size, span, f"the noise of two curves, {before.n} and {now.n} epochs")


class Noise:
    """The standard deviation of normal noise on n epochs, the standard error of its logarithm, and the degrees of freedom."""

    def __init__(self, logs: np.ndarray) -> None:
        moves = np.abs(np.diff(logs, 2))
        self.n = len(logs)
        self.freedom = len(moves) / ALIKE
        mean = float(moves.mean())
        self.size = mean * math.sqrt(math.pi / 2 / 6)
        varies = float(moves.var(ddof=1)) / mean**2 if mean else NORMAL
        self.error = math.sqrt(max(varies, NORMAL) / self.freedom)


def _noise(run: Run) -> Noise | None:
    logs = _logs(run)
    return Noise(logs) if len(logs) >= FEWEST else None


def _logs(run: Run) -> np.ndarray:
    losses = np.array(run.series("val", "loss"))
    return np.asarray(np.log(losses[np.isfinite(losses) & (losses > 0)]))
