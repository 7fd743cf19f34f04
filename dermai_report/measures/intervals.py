"""Intervals of proportions and of their difference, without a normal approximation that fails near 0 and 1."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import NamedTuple

import numpy as np

from dermai_report.report import Interval

Z95 = NormalDist().inv_cdf(0.975)


# Half the 5 % quantile of chi-squared with 2 x degrees of freedom, x = 0 to 3: the Poisson limit of so few events.
FEW_EVENTS = (0.0, 0.05129, 0.35536, 0.81769)


def wilson(successes: float, n: float) -> tuple[float, float]:
    """95 % interval of a proportion, in [0, 1]: Wilson's score interval, mended where it falls short; (0, 1) for n = 0.

    With one to three successes (or failures) Wilson's limit on their side is too bold, and coverage falls to .84; the limit of
    a Poisson count is taken there if it is wider. Then .91 or more at the worst single proportion from n = 5 on, .95 on average.
    Source: Wilson 1927, JASA 22:209; Brown, Cai, DasGupta 2001, Statistical Science 16:101, section 4.1.1.
    """
    low, high = score_interval(successes, n, Z95)
    few, fails = min(max(successes, 0.0), n), min(max(n - successes, 0.0), n)
    if 0 < few <= 3:
        low = min(low, _poisson(few) / n)
    if 0 < fails <= 3:
        high = max(high, 1 - _poisson(fails) / n)
    return low, high


def _poisson(events: float) -> float:
    """The lower limit of the expected count, between whole numbers (effective sizes have parts) along a line."""
    below = min(int(events), 2)
    return FEW_EVENTS[below] + (events - below) * (FEW_EVENTS[below + 1] - FEW_EVENTS[below])


def score_interval(successes: float, n: float, z: float) -> tuple[float, float]:
    """Wilson's score interval as it is, z standard errors to each side; (0, 1) for n = 0."""
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
    return independent_difference(p1, score_interval(p1 * n1, n1, z), p2, score_interval(p2 * n2, n2, z))


def independent_difference(
    value1: float, ci1: tuple[float, float], value2: float, ci2: tuple[float, float]
) -> tuple[float, float]:
    """Interval of value1 - value2 for two independent samples, from the interval of each (of any score, at the same level).

    The distances to the limits add up by squares, each limit with the one that makes the difference as extreme (MOVER: Zou and
    Donner 2008, Statistics in Medicine 27:1693).
    """
    difference = value1 - value2
    return (
        difference - math.hypot(value1 - ci1[0], ci2[1] - value2),
        difference + math.hypot(ci1[1] - value1, value2 - ci2[0]),
    )


class Spread(NamedTuple):
    """How single values lie about their mean: their variance, and the mean cube of their distance from it."""

    variance: float
    cube: float


def mean_interval(
    values: np.ndarray, codes: np.ndarray | None = None, expected: Spread | None = None, least: float = 0.0
) -> Interval | None:
    """95 % interval of the mean of (n,) values by its standard error, from `least` up; None for n < 2 or non-finite values.

    codes: (n,) group numbers, where samples of one group are alike: deviations then add up within groups first. Losses have a
    long tail, and a sample that missed it looks better and surer: the limit on the side of the tail is moved by the first term of
    the Edgeworth expansion, skewness (1 + 2 t^2) / 6 sqrt(n) standard errors (Johnson 1978, JASA 73:536; Hall 1992, J. Royal
    Statistical Society B 54:221). expected: the spread that is known from elsewhere to be there, whether the sample shows it or not.
    """
    if not np.isfinite(values).all():
        return None
    mean = float(values.mean(dtype=np.float64)) if len(values) else 0.0
    deviation = values.astype(np.float64) - mean
    half = half_width(deviation, codes)
    if half is None:
        return None
    sums = deviation if codes is None else np.bincount(codes, weights=deviation)
    spread, t = float((sums**2).mean()), student95(len(sums) - 1)
    skewness = float((sums**3).mean()) / spread**1.5 if spread > 0 else 0.0
    seen = float((deviation**2).mean())
    if expected is not None and (all_there_is := max(seen, expected.variance)) > 0:
        half = half * math.sqrt(all_there_is / seen) if seen > 0 else t * math.sqrt(all_there_is / len(sums))
        cubes = skewness * seen**1.5, expected.cube
        skewness = max(cubes, key=abs) / all_there_is**1.5
    further = skewness * (1 + 2 * t * t) / (6 * t * math.sqrt(len(sums)))
    return max(mean - half * (1 + max(-further, 0.0)), least), mean + half * (1 + max(further, 0.0))


def half_width(deviation: np.ndarray, codes: np.ndarray | None = None) -> float | None:
    """Half of the 95 % interval of a mean of (n,) samples with these deviations from it; None for fewer than 2 samples.

    A score that is no mean has them too: each sample's influence on it (the infinitesimal jackknife: Efron and Tibshirani
    1993, chapter 21). codes: (n,) group numbers; deviations then add up within groups, and groups are counted.
    """
    sums = deviation if codes is None else np.bincount(codes, weights=deviation)
    m = len(sums)
    if m < 2:
        return None
    return student95(m - 1) * math.sqrt(float(sums @ sums) * m / (m - 1)) / len(deviation)


FEW = tuple((1 / freedom, math.log(t)) for freedom, t in ((1, 12.7062), (2, 4.3027), (3, 3.1824)))  # the table of Student's t


def student95(freedom: float) -> float:
    """The 97.5 % quantile of Student's t: by its expansion in 1 / freedom (Abramowitz and Stegun 26.7.5), exact for 1 and 2.

    Off by less than 0.4 % at 3 degrees of freedom, 0.01 % from 6 on. Between 1 and 3, where Satterthwaite's freedom of three seeds lies,
    the logarithm is a parabola in 1 / freedom: off by less than 0.7 %.
    """
    if freedom < 3:
        f = 1 / max(freedom, 1.0)
        return math.exp(sum(log_t * math.prod((f - x) / (at - x) for x, _ in FEW if x != at) for at, log_t in FEW))
    z, f = Z95, 1 / freedom
    g1 = (z**3 + z) / 4
    g2 = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    g3 = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    g4 = (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160
    return z + f * (g1 + f * (g2 + f * (g3 + f * g4)))


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


def combined(parts: list[tuple[float, tuple[float, float]]], least: float = 0.0) -> tuple[float, float]:
    """The interval of a mean of independent (value, interval) parts, in [least, 1]: their distances to the limits add up by squares."""
    k = len(parts)
    mean = sum(v for v, _ in parts) / k
    low = mean - math.sqrt(sum((v - ci[0]) ** 2 for v, ci in parts)) / k
    high = mean + math.sqrt(sum((ci[1] - v) ** 2 for v, ci in parts)) / k
    return max(low, least), min(high, 1.0)


def p_of(difference: float, ci95: tuple[float, float]) -> float:
    """Two-sided p that a difference is 0, from the side of its 95 % interval that faces 0, as if that were normal."""
    half = difference - ci95[0] if difference > 0 else ci95[1] - difference
    if half <= 0:
        return 1.0 if difference == 0 else 0.0
    return 2 * (1 - NormalDist().cdf(Z95 * abs(difference) / half))
