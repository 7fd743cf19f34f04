"""The area under the ROC curve, with ties and an interval, from one sort."""

from __future__ import annotations

import math

import numpy as np

from dermai_report.measures.intervals import Z95
from dermai_report.report import Interval

SORT_UP_TO = 100_000  # above it scores are binned: a sort of a million costs 0.1 s a class, a histogram a tenth
BINS = 1 << 16


def auroc(score: np.ndarray, positive: np.ndarray) -> tuple[float | None, Interval | None]:
    """Area under the ROC curve of (n,) scores against (n,) booleans, with its 95 % interval; (None, None) with one class.

    Ties count half. The variance is DeLong's (DeLong, DeLong, Clarke-Pearson 1988, Biometrics 44:837), from the counts of
    positives and negatives at each distinct score; the interval is drawn on the logit scale, which keeps it inside (0, 1)
    (Pepe 2003, section 5.2). An area of 0 or 1 has no variance to estimate: Hanley and McNeil's at half a pair from it is used.
    """
    ups, downs = _counts(score, positive)
    m, n = int(ups.sum()), int(downs.sum())
    if not m or not n:
        return None, None
    share_below = (np.cumsum(downs) - downs / 2) / n  # of negatives, for a positive at each score
    share_above = 1 - (np.cumsum(ups) - ups / 2) / m  # of positives, for a negative at each score
    area = float(ups @ share_below) / m
    if 0 < area < 1 and m > 1 and n > 1:
        variance = float(ups @ (share_below - area) ** 2) / (m - 1) / m
        variance += float(downs @ (share_above - area) ** 2) / (n - 1) / n
        return area, _logit_interval(area, variance)
    inside = min(max(area, 0.5 / (m * n)), 1 - 0.5 / (m * n))
    low, high = _logit_interval(inside, _hanley_mcneil(inside, m, n))
    return area, (min(low, area), max(high, area))


def _counts(score: np.ndarray, positive: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Positives and negatives at each distinct score, lowest first."""
    if len(score) > SORT_UP_TO:
        code = np.minimum((_spread(score) * BINS).astype(np.int64), BINS - 1)
        size = BINS
    else:
        values, code = np.unique(score, return_inverse=True)
        size = len(values)
    total = np.bincount(code, minlength=size)
    ups = np.bincount(code[positive], minlength=size)
    kept = total > 0
    return ups[kept].astype(float), (total - ups)[kept].astype(float)


def _spread(score: np.ndarray) -> np.ndarray:
    """Probabilities on a scale that keeps the crowd near 0 and 1 apart: their logit, squeezed back to [0, 1)."""
    inside = np.clip(score.astype(np.float32), 1e-7, 1 - 1e-7)
    return np.asarray(np.clip(np.log(inside / (1 - inside)) / 32.3 + 0.5, 0, 1))


def _hanley_mcneil(area: float, m: int, n: int) -> float:
    """Variance of an area under an exponential model (Hanley and McNeil 1982, Radiology 143:29)."""
    q1, q2 = area / (2 - area), 2 * area**2 / (1 + area)
    return (area * (1 - area) + (m - 1) * (q1 - area**2) + (n - 1) * (q2 - area**2)) / (m * n)


def _logit_interval(area: float, variance: float) -> Interval:
    logit, half = math.log(area / (1 - area)), Z95 * math.sqrt(variance) / (area * (1 - area))
    return _logistic(logit - half), _logistic(logit + half)


def _logistic(x: float) -> float:
    return 1 / (1 + math.exp(-x)) if x > -700 else 0.0
