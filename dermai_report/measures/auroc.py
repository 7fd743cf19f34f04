"""The area under the ROC curve, with ties and an interval."""

from __future__ import annotations

import math

import numpy as np

from dermai_report.measures.intervals import student95, wilson
from dermai_report.measures.ranking import FEWEST, Area, Ranked, independent, rank, spread_of
from dermai_report.report import Interval


def auroc(ranked: Ranked, codes: np.ndarray | None = None) -> tuple[Area, np.ndarray]:
    """Area under the ROC curve, and each sample's influence on it (n,); codes: group numbers (n,).

    Ties count half. The variance is DeLong's (DeLong, DeLong, Clarke-Pearson 1988, Biometrics 44:837): the sum of squares of
    the samples' influences. With few samples on one side, or no variance to see, as many pairs as can be formed without using a
    sample twice are taken as independent trials, and Wilson's interval of those is used: conservative.
    """
    positive, code, ups, downs = ranked
    m, n = int(ups.sum()), int(downs.sum())
    if not m or not n:
        return Area(None, None), np.zeros(len(positive))
    share_below = (np.cumsum(downs) - downs / 2) / n  # of negatives, for a positive at each score
    share_above = 1 - (np.cumsum(ups) - ups / 2) / m  # of positives, for a negative at each score
    area = float(ups @ share_below) / m
    influence = np.where(positive, (share_below[code] - area) / m, (share_above[code] - area) / n)
    pairs = min(independent(side, codes) for side in (positive, ~positive))
    if pairs >= FEWEST and 0 < area < 1:
        variance = float(ups @ (share_below - area) ** 2) / (m - 1) / m
        variance += float(downs @ (share_above - area) ** 2) / (n - 1) / n
        variance = max(variance, spread_of(influence, codes))
        if variance > 0:
            return Area(area, area_interval(area, variance, m, n, pairs)), influence
    return Area(area, wilson(area * pairs, pairs)), influence


def area_interval(area: float, variance: float, m: int, n: int, pairs: int) -> Interval:
    """95 % interval of an area in (0, 1) of m positives and n negatives, from its variance; pairs: as many as are independent.

    The areas from which this one is as far as their own standard error allows, as with Wilson's interval: near 1 few samples are
    out of order, and an area that is high by luck looks surer than it is. How the variance changes with the area is Hanley and
    McNeil's, at the two sides' mean size (Newcombe 2006, Statistics in Medicine 25:559, method 5).
    """
    size, t = (m + n) / 2 - 1, student95(pairs - 1)

    def shape(a: float) -> float:
        return a * (1 - a) * (1 + size * (1 - a) / (2 - a) + size * a / (1 + a))

    limits = []
    for end in (0.0, 1.0):
        near, far = area, end
        for _ in range(40):
            middle = (near + far) / 2
            error = math.sqrt(max(variance * shape(middle) / shape(area), 0.0))
            near, far = (middle, far) if abs(middle - area) < t * error else (near, middle)
        limits.append(near)
    return limits[0], limits[1]


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
