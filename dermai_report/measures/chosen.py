"""Intervals of the loss and the accuracy of the epoch that was chosen by them, which its own luck flatters.

Choosing among epochs that are equally good takes the luckiest. Their intervals hold all at once, and so whichever is chosen, where the
limit on the flattered side has the level of the luckiest of so many: the product of their levels, exact for independent epochs and on the
safe side for epochs that resemble each other (for one side Slepian 1962, Bell System Technical Journal 41:463; for two Sidak 1967, JASA
62:626). The other side needs nothing. Epochs that the data tell from the best are seldom the luckiest, and not counted.
"""

from __future__ import annotations

from statistics import NormalDist

import numpy as np

from dermai_report.measures.intervals import Z95, mean_interval, score_interval, wilson
from dermai_report.measures.temperature import FEWEST_ERRORS
from dermai_report.report import Interval


def luckiest(epochs: int) -> float:
    """How many standard errors the luckiest of so many equally good epochs may be off, to its own side, 97.5 times in 100."""
    return NormalDist().inv_cdf(0.975 ** (1 / epochs))


def chosen_loss(losses: np.ndarray, hit: np.ndarray, epochs: int, codes: np.ndarray | None = None) -> Interval | None:
    """95 % interval of the mean of the chosen epoch's (n,) losses.

    hit: which samples are right, (n,); epochs: how many are as good, this one counted; codes: groups (n,).
    None with fewer than five errors (or groups with an error): the mean rests on the errors, and the interval of two of them covers
    .80-.85 (with five or more, .947; benchmarks/coverage.py).
    """
    errors = np.flatnonzero(~hit) if codes is None else np.unique(codes[~hit])
    span = mean_interval(losses, codes) if len(errors) >= FEWEST_ERRORS else None
    if span is None:
        return None
    mean = float(losses.mean(dtype=np.float64))
    return span[0], mean + (span[1] - mean) * luckiest(epochs) / Z95


def chosen_accuracy(accuracy: float, n: float, epochs: int) -> Interval:
    """95 % interval of the chosen epoch's accuracy on n samples (effective ones, with groups), as Wilson's without the choice."""
    low, high = wilson(accuracy * n, n)
    return min(low, score_interval(accuracy * n, n, luckiest(epochs))[0]), high
