"""The area under the ROC curve, with ties and an interval, from one sort."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from dermai_report.measures.intervals import Z95, combined, student95, wilson
from dermai_report.report import Interval

SORT_UP_TO = 100_000  # above it scores are binned: a sort of a million costs 0.1 s a class, a histogram a tenth
BINS = 1 << 16


FEWEST = 10  # of the rarer side: below, the variance rests on so few samples that its interval covers .74-.90


class Area(NamedTuple):
    """An area under the ROC curve and its 95 % interval; None with one class only."""

    value: float | None
    ci95: Interval | None


def auroc(score: np.ndarray, positive: np.ndarray, codes: np.ndarray | None = None) -> tuple[Area, np.ndarray]:
    """Area under the ROC curve of (n,) scores against (n,) booleans, and each sample's influence on it (n,); codes: groups.

    Ties count half. The variance is DeLong's (DeLong, DeLong, Clarke-Pearson 1988, Biometrics 44:837): the sum of squares of
    the samples' influences. The interval is drawn on the logit scale, which keeps it inside (0, 1) (Pepe 2003, section 5.2).
    With few samples on one side, or no variance to see, as many pairs as can be formed without using a sample twice are
    taken as independent trials, and Wilson's interval of those is used: conservative.
    """
    code, ups, downs = _counts(score, positive)
    m, n = int(ups.sum()), int(downs.sum())
    if not m or not n:
        return Area(None, None), np.zeros(len(score))
    share_below = (np.cumsum(downs) - downs / 2) / n  # of negatives, for a positive at each score
    share_above = 1 - (np.cumsum(ups) - ups / 2) / m  # of positives, for a negative at each score
    area = float(ups @ share_below) / m
    influence = np.where(positive, (share_below[code] - area) / m, (share_above[code] - area) / n)
    pairs = min(m, n) if codes is None else min(len(np.unique(codes[side])) for side in (positive, ~positive))
    if pairs >= FEWEST and 0 < area < 1:
        variance = float(ups @ (share_below - area) ** 2) / (m - 1) / m
        variance += float(downs @ (share_above - area) ** 2) / (n - 1) / n
        variance = max(variance, _variance(influence, codes))
        if variance > 0:
            return Area(area, _logit_interval(area, variance)), influence
    return Area(area, wilson(area * pairs, pairs)), influence


def class_areas(scores: np.ndarray, label: np.ndarray, codes: np.ndarray | None = None) -> tuple[list[Area], Area]:
    """One-versus-rest areas of (n, k) scores, and their mean over the classes that occur.

    For the mean, a sample's influences add up over the classes before they are squared, so that the classes may correlate;
    with rare classes, the limits of the single areas are combined by squares instead (Zou and Donner 2008).
    """
    areas, total = [], np.zeros(len(label))
    for c in range(scores.shape[1]):
        area, influence = auroc(scores[:, c], label == c, codes)
        areas.append(area)
        total += influence
    known = [(a.value, a.ci95) for a in areas if a.value is not None and a.ci95 is not None]
    if not known:
        return areas, Area(None, None)
    mean = float(np.mean([value for value, _ in known]))
    variance = _variance(total / len(known), codes)
    if 0 < mean < 1 and variance > 0 and np.bincount(label).min(initial=FEWEST, where=np.bincount(label) > 0) >= FEWEST:
        return areas, Area(mean, _logit_interval(mean, variance))
    return areas, Area(mean, combined(known))


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
        for found in ([auroc(scores[:, c], label == c, codes) for c in classes] for scores in (was, is_now))
    )
    half = student95(rarest - 1) * math.sqrt(_variance(new_slope - slope, codes) * rarest / (rarest - 1))
    return before, now, (max(now - before - half, -1.0), min(now - before + half, 1.0))


def _variance(influence: np.ndarray, codes: np.ndarray | None) -> float:
    """The sum of squared influences, of whole groups where there are any."""
    sums = influence if codes is None else np.bincount(codes, weights=influence)
    return float(sums @ sums)


def _counts(score: np.ndarray, positive: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The place of each sample's score among the distinct ones, lowest first, and positives and negatives at each."""
    if len(score) > SORT_UP_TO:
        code = np.minimum((_spread(score) * BINS).astype(np.int64), BINS - 1)
        size = BINS
    else:
        values, code = np.unique(score, return_inverse=True)
        size = len(values)
    total = np.bincount(code, minlength=size)
    ups = np.bincount(code[positive], minlength=size)
    return code, ups.astype(float), (total - ups).astype(float)


def _spread(score: np.ndarray) -> np.ndarray:
    """Probabilities on a scale that keeps the crowd near 0 and 1 apart: their logit, squeezed back to [0, 1)."""
    inside = np.clip(score.astype(np.float32), 1e-7, 1 - 1e-7)
    return np.asarray(np.clip(np.log(inside / (1 - inside)) / 32.3 + 0.5, 0, 1))


def _logit_interval(area: float, variance: float) -> Interval:
    logit, half = math.log(area / (1 - area)), Z95 * math.sqrt(variance) / (area * (1 - area))
    return _logistic(logit - half), _logistic(logit + half)


def _logistic(x: float) -> float:
    return 1 / (1 + math.exp(-x)) if x > -700 else 0.0
