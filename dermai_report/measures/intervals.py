"""Intervals of proportions and of their difference, without a normal approximation that fails near 0 and 1."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np

Z95 = NormalDist().inv_cdf(0.975)


def wilson(successes: float, n: float, z: float = Z95) -> tuple[float, float]:
    """Wilson's score interval of a proportion, in [0, 1]; (0, 1) for n = 0.

    Source: Wilson 1927, JASA 22:209; recommended for small n by Brown, Cai, DasGupta 2001, Statistical Science 16:101.
    """
    if n <= 0:
        return 0.0, 1.0
    p = min(max(successes / n, 0.0), 1.0)
    shrink = 1 + z * z / n
    centre = (p + z * z / (2 * n)) / shrink
    half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / shrink
    return (0.0 if p == 0 else max(centre - half, 0.0)), (1.0 if p == 1 else min(centre + half, 1.0))


def newcombe(p1: float, n1: float, p2: float, n2: float, z: float = Z95) -> tuple[float, float]:
    """Interval of p1 - p2 for two independent samples: Newcombe's hybrid of two Wilson intervals.

    p1, p2: proportions in [0, 1]; n1, n2: sample sizes. Source: Newcombe 1998, Statistics in Medicine 17:873, method 10.
    """
    low1, high1 = wilson(p1 * n1, n1, z)
    low2, high2 = wilson(p2 * n2, n2, z)
    difference = p1 - p2
    return (
        difference - math.hypot(p1 - low1, high2 - p2),
        difference + math.hypot(high1 - p1, p2 - low2),
    )


def mean_interval(losses: np.ndarray, codes: np.ndarray | None = None) -> tuple[float, float] | None:
    """95 % interval of the mean of (n,) non-negative losses by its standard error; None for n < 2 or non-finite ones.

    codes: (n,) group numbers, where samples of one group are alike: deviations then add up within groups first.
    """
    n = len(losses)
    if n < 2 or not np.isfinite(losses).all():
        return None
    mean = float(losses.mean(dtype=np.float64))
    deviation = losses.astype(np.float64) - mean
    sums = deviation if codes is None else np.bincount(codes, weights=deviation)
    if len(sums) < 2:
        return None
    error = math.sqrt(float(sums @ sums) * len(sums) / (len(sums) - 1)) / n
    return max(mean - Z95 * error, 0.0), mean + Z95 * error


def samples_to_resolve(p1: float, p2: float, limit: int = 10_000_000) -> int | None:
    """The smallest n a split for which Newcombe's 95 % interval of p1 - p2 leaves out 0; None above `limit`."""
    if p1 == p2:
        return None

    def resolves(n: int) -> bool:
        low, high = newcombe(p1, n, p2, n)
        return low > 0 or high < 0

    if not resolves(limit):
        return None
    low, high = 0, limit
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if resolves(middle) else (middle, high)
    return high


def f1_interval(hits: float, union: float) -> tuple[float, float]:
    """95 % interval of F1, in [0, 1], from the samples that are the class and called it, and those that are either.

    Of the samples that are the class or are called it, a share J (Jaccard's index) is both; given their number that is a
    binomial proportion, so Wilson's interval holds for J, and F1 = 2J / (1 + J) carries it over.
    """
    low, high = wilson(hits, union)
    return 2 * low / (1 + low), 2 * high / (1 + high)


def combined(parts: list[tuple[float, tuple[float, float]]]) -> tuple[float, float]:
    """The interval of a mean of independent (value, interval) parts: their distances to the limits add up by squares."""
    k = len(parts)
    mean = sum(v for v, _ in parts) / k
    low = mean - math.sqrt(sum((v - ci[0]) ** 2 for v, ci in parts)) / k
    high = mean + math.sqrt(sum((ci[1] - v) ** 2 for v, ci in parts)) / k
    return max(low, 0.0), min(high, 1.0)
