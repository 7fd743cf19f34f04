"""The area under the ROC curve, with ties and an interval, from one sort."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from dermai_report.measures.intervals import Z95, wilson
from dermai_report.report import Interval

SORT_UP_TO = 100_000  # above it scores are binned: a sort of a million costs 0.1 s a class, a histogram a tenth
BINS = 1 << 16


class Area(NamedTuple):
    """An area under the ROC curve, its 95 % interval, and what each sample contributes to its error, (n,)."""

    value: float | None
    ci95: Interval | None
    influence: np.ndarray


def auroc(score: np.ndarray, positive: np.ndarray) -> Area:
    """Area under the ROC curve of (n,) scores against (n,) booleans; no value with one class only.

    Ties count half. The variance is DeLong's (DeLong, DeLong, Clarke-Pearson 1988, Biometrics 44:837): the sum of squares of
    the samples' influences. The interval is drawn on the logit scale, which keeps it inside (0, 1) (Pepe 2003, section 5.2).
    An area of exactly 0 or 1 shows no variance; then as many pairs as can be formed without using a sample twice are
    independent trials, all of one outcome, and Wilson's interval of those is used: conservative.
    """
    code, ups, downs = _counts(score, positive)
    m, n = int(ups.sum()), int(downs.sum())
    if not m or not n:
        return Area(None, None, np.zeros(len(score)))
    share_below = (np.cumsum(downs) - downs / 2) / n  # of negatives, for a positive at each score
    share_above = 1 - (np.cumsum(ups) - ups / 2) / m  # of positives, for a negative at each score
    area = float(ups @ share_below) / m
    influence = np.where(positive, (share_below[code] - area) / m, (share_above[code] - area) / n)
    if 0 < area < 1 and m > 1 and n > 1:
        variance = float(ups @ (share_below - area) ** 2) / (m - 1) / m
        variance += float(downs @ (share_above - area) ** 2) / (n - 1) / n
        return Area(area, _logit_interval(area, variance), influence)
    return Area(area, wilson(area * min(m, n), min(m, n)), influence)


def macro(areas: Sequence[Area]) -> Area:
    """The mean over classes; samples add up over the classes before they are squared, so that the classes may correlate."""
    known = [a for a in areas if a.value is not None]
    if not known:
        return Area(None, None, np.zeros(0))
    area = float(np.mean([a.value for a in known]))
    influence = np.mean([a.influence for a in known], axis=0)
    variance = float(influence @ influence)
    if 0 < area < 1 and variance > 0:
        return Area(area, _logit_interval(area, variance), influence)
    return Area(area, min((a.ci95 for a in known if a.ci95), default=None), influence)


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
