"""Samples ranked by a score, once for every area that is taken over the ranking: ties stay together."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from dermai_report.measures.intervals import combined, student95
from dermai_report.report import Interval

SORT_UP_TO = 100_000  # above it scores are binned: a sort of a million costs 0.1 s a class, a histogram a tenth
BINS = 1 << 16
FEWEST = 10  # of the rarer side: below, the variance rests on so few samples that its interval covers .74-.90


class Ranked(NamedTuple):
    """positive (n,): which samples count; code (n,): the place of each score among the distinct ones, lowest first; ups and
    downs (places,): how many positives and negatives stand at each place.
    """

    positive: np.ndarray
    code: np.ndarray
    ups: np.ndarray
    downs: np.ndarray


class Area(NamedTuple):
    """An area under a curve over the ranking, and its 95 % interval; None where a side is empty."""

    value: float | None
    ci95: Interval | None


def rank(score: np.ndarray, positive: np.ndarray) -> Ranked:
    """The ranking of (n,) scores of samples that are, or are not, positive (n,)."""
    if len(score) > SORT_UP_TO:
        code = np.minimum((_spread(score) * BINS).astype(np.int64), BINS - 1)
        size = BINS
    else:
        values, code = np.unique(score, return_inverse=True)
        size = len(values)
    total = np.bincount(code, minlength=size)
    ups = np.bincount(code[positive], minlength=size)
    return Ranked(positive, code, ups.astype(float), (total - ups).astype(float))


def mean_area(areas: list[Area], influence: np.ndarray, label: np.ndarray, codes: np.ndarray | None) -> Area:
    """The mean of the classes' areas that are known; influence (n,): the sum of each sample's influences on them.

    A sample's influences add up over the classes before they are squared, so that the classes may correlate. The interval is the
    wider of that and of the single areas' limits combined by squares (Zou and Donner 2008), which see more near 1; with rare classes
    it is the latter alone.
    """
    known = [(a.value, a.ci95) for a in areas if a.value is not None and a.ci95 is not None]
    if not known:
        return Area(None, None)
    mean = float(np.mean([value for value, _ in known]))
    variance = spread_of(influence / len(known), codes)
    sizes = np.bincount(label)
    if 0 < mean < 1 and variance > 0 and sizes.min(initial=FEWEST, where=sizes > 0) >= FEWEST:
        low, high = logit_interval(mean, variance, len(label) if codes is None else int(codes.max()) + 1)
        parts = combined(known)
        return Area(mean, (min(low, parts[0]), max(high, parts[1])))
    return Area(mean, combined(known))


def spread_of(influence: np.ndarray, codes: np.ndarray | None) -> float:
    """The variance that (n,) influences give: their squares added up, of whole groups where there are any."""
    sums = influence if codes is None else np.bincount(codes, weights=influence)
    return float(sums @ sums)


def independent(positive: np.ndarray, codes: np.ndarray | None) -> int:
    """How many of these samples (n,) are independent: their groups, where there are any."""
    return int(positive.sum()) if codes is None else len(np.unique(codes[positive]))


def logit_interval(area: float, variance: float, samples: int) -> Interval:
    """95 % interval of an area in (0, 1), drawn on the logit scale, which keeps it there (Pepe 2003, section 5.2).

    samples: those of the rarer side, on which the variance rests.
    """
    logit, half = math.log(area / (1 - area)), student95(samples - 1) * math.sqrt(variance) / (area * (1 - area))
    return _logistic(logit - half), _logistic(logit + half)


def _spread(score: np.ndarray) -> np.ndarray:
    """Probabilities on a scale that keeps the crowd near 0 and 1 apart: their logit, squeezed back to [0, 1)."""
    inside = np.clip(score.astype(np.float32), 1e-7, 1 - 1e-7)
    return np.asarray(np.clip(np.log(inside / (1 - inside)) / 32.3 + 0.5, 0, 1))


def _logistic(x: float) -> float:
    return 1 / (1 + math.exp(-x)) if x > -700 else 0.0
