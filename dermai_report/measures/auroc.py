"""The area under the ROC curve, with ties and an interval."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from dermai_report.measures.intervals import Z95, student95, wilson
from dermai_report.measures.ranking import FEWEST, Area, Ranked, independent, logit_interval, rank, spread_of
from dermai_report.report import Interval


def auroc(ranked: Ranked, codes: np.ndarray | None = None) -> tuple[Area, np.ndarray]:
    """Area under the ROC curve, and each sample's influence on it (n,); codes: group numbers (n,).

    Ties count half. The interval is the wider of two. The variance of the first, on the logit scale, is DeLong's (DeLong, DeLong,
    Clarke-Pearson 1988, Biometrics 44:837): the sum of squares of the samples' influences; alone it covers .91 near 1, where
    few influences differ. The second is Newcombe's (2006, Statistics in Medicine 25:559, method 5), which knows the variance
    from the area; alone it covers .82 where single positives score like negatives. Together .936-.99, conservative near 1. With few
    samples on one side, or no variance to see, as many pairs as can be formed without using a sample twice are taken as
    independent trials, and Wilson's interval of those is used: conservative.
    """
    positive, code, ups, downs = ranked
    m, n = int(ups.sum()), int(downs.sum())
    if not m or not n:
        return Area(None, None), np.zeros(len(positive))
    share_below = (np.cumsum(downs) - downs / 2) / n  # of negatives, for a positive at each score
    share_above = 1 - (np.cumsum(ups) - ups / 2) / m  # of positives, for a negative at each score
    area = float(ups @ share_below) / m
    influence = np.where(positive, (share_below[code] - area) / m, (share_above[code] - area) / n)
    sizes = independent(positive, codes), independent(~positive, codes)
    pairs = min(sizes)
    if pairs >= FEWEST and 0 < area < 1:
        variance = float(ups @ (share_below - area) ** 2) / (m - 1) / m
        variance += float(downs @ (share_above - area) ** 2) / (n - 1) / n
        variance = max(variance, spread_of(influence, codes))
        if variance > 0:
            spans = logit_interval(area, variance, pairs), newcombe_area(area, *sizes)
            return Area(area, (min(low for low, _ in spans), max(high for _, high in spans))), influence
    return Area(area, wilson(area * pairs, pairs)), influence


def newcombe_area(area: float, m: int, n: int) -> Interval:
    """Newcombe's 95 % interval of an area from it and the numbers of positives and negatives alone: method 5.

    The areas from which the one seen is 1.96 standard errors off, with the standard error of Hanley and McNeil (1982, Radiology
    143:29) for two exponentials and equal halves of m + n.
    """
    half = (m + n) / 2 - 1

    def off(t: float) -> float:
        spread = t * (1 - t) * (1 + half * (1 - t) / (2 - t) + half * t / (1 + t)) / (m * n)
        return abs(area - t) - Z95 * math.sqrt(spread)

    return _crossing(off, 0.0, area), _crossing(off, 1.0, area)


def _crossing(off: Callable[[float], float], outside: float, inside: float) -> float:
    for _ in range(50):
        middle = (outside + inside) / 2
        outside, inside = (middle, inside) if off(middle) > 0 else (outside, middle)
    return inside


def area_difference(
    was: np.ndarray, is_now: np.ndarray, label: np.ndarray, codes: np.ndarray | None = None
) -> tuple[float, float, Interval] | None:
    """Macro areas of two models' (n, k) scores of the same samples, and the 95 % interval of the second less the first.

    DeLong's test of correlated areas: the two models' influences are subtracted sample by sample before they are squared; the
    rarest class, on which most of the variance rests, gives the degrees of freedom. None where a class is too rare, or absent.
    """
    classes = range(was.shape[1])
    rarest = int(np.bincount(label, minlength=was.shape[1]).min())
    if rarest < FEWEST or was.shape != is_now.shape:
        return None
    (before, slope), (now, new_slope) = (
        (float(np.mean([a.value for a, _ in found])), np.mean([i for _, i in found], axis=0))
        for found in ([auroc(rank(scores[:, c], label == c), codes) for c in classes] for scores in (was, is_now))
    )
    half = student95(rarest - 1) * math.sqrt(spread_of(new_slope - slope, codes) * rarest / (rarest - 1))
    return before, now, (max(now - before - half, -1.0), min(now - before + half, 1.0))
