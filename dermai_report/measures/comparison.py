"""Tests of two proportions by their exact distribution, and the correction for many of them."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np


def fisher_greater(hits1: int, n1: int, hits2: int, n2: int) -> float:
    """One-sided mid-p of Fisher's exact test: the first proportion is no greater than the second (1.0 with an empty group).

    Mid-p: what was seen counts half. The whole of it makes the test too careful: with it .01 to .04 of runs without a weak class
    had one at the level .05, with half of it .03 to .056 (docs/decisions/0036). The Bayes factor of `evidence` is convex in p and so
    stays at most 1 on average without an effect, as it does with the whole (Rubin-Delanchy, Heard and Lawson 2019, JASA 114:1105).
    The hypergeometric tail is summed from the nearer end, away from the mode, so it costs a few standard deviations of terms
    and not n. Sources: Fisher 1935, The Design of Experiments; Lancaster 1961, JASA 56:223; Lydersen, Fagerland and Laake 2009,
    Statistics in Medicine 28:1159.
    """
    hits1, n1, hits2, n2 = int(hits1), int(n1), int(hits2), int(n2)
    if not n1 or not n2:
        return 1.0
    hits = hits1 + hits2
    half = _chance(hits1, n1, n2, hits) / 2
    if hits1 * (n1 + n2) > hits * n1:
        return min(max(_tail(hits1, n1, n2, hits, 1) - half, 0.0), 1.0)
    return max(0.0, 1.0 - _tail(hits1 - 1, n1, n2, hits, -1) - half)


def _chance(k: int, n1: int, n2: int, hits: int) -> float:
    """P(X = k) for X hypergeometric: hits drawn from n1 + n2, those among the n1."""
    return math.exp(_log_choose(n1, k) + _log_choose(n2, hits - k) - _log_choose(n1 + n2, hits))


def _tail(k: int, n1: int, n2: int, hits: int, step: int) -> float:
    """P(X = k) + P(X = k + step) + ... for the same X."""
    if not max(0, hits - n2) <= k <= min(hits, n1):
        return 0.0
    term = _chance(k, n1, n2, hits)
    total = 0.0
    while term > total * 1e-16:
        total += term
        up = k if step > 0 else k - 1
        ratio = (n1 - up) * (hits - up) / ((up + 1) * (n2 - hits + up + 1)) if up >= 0 and n2 - hits + up + 1 > 0 else 0.0
        term = term * ratio if step > 0 else (term / ratio if ratio > 0 else 0.0)
        k += step
    return total


def fisher_less(hits1: int, n1: int, hits2: int, n2: int) -> float:
    """One-sided mid-p of Fisher's exact test: the first proportion is no smaller than the second (see `fisher_greater`)."""
    return fisher_greater(n1 - hits1, n1, n2 - hits2, n2)


def confusion_p(counts: np.ndarray, true: int, called: int) -> float:
    """p of the errors of class `true` going to `called` no more often than the errors of the remaining classes do.

    counts: (k, k) confusion counts, k >= 3. Given that a sample is wrong, where does it go: so a class that is merely weak, with
    errors spread evenly, is no confused pair.
    """
    errors = counts - np.diag(np.diag(counts))
    others = np.delete(np.arange(len(counts)), [true, called])
    return fisher_greater(
        int(errors[true, called]), int(errors[true].sum()), int(errors[others, called].sum()), int(errors[others].sum())
    )


def same_mix(first: np.ndarray, second: np.ndarray, resamples: int = 2000, seed: int = 0) -> float:
    """p of two (k,) class counts (or parts of them) having one mix, by the chi-squared statistic under resampling from the pooled mix.

    Resampling, as rare classes break the statistic's own approximation. At most 1 / (resamples + 1) can be told.
    """
    pooled = (first + second) / (first.sum() + second.sum())
    kept = pooled > 0
    n1, n2 = round(first.sum()), round(second.sum())

    def statistic(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        e1, e2 = n1 * pooled[kept], n2 * pooled[kept]
        return np.asarray(((a - e1) ** 2 / e1).sum(-1) + ((b - e2) ** 2 / e2).sum(-1))

    seen = statistic(first[kept], second[kept])
    rng = np.random.default_rng(seed)
    draws = statistic(rng.multinomial(n1, pooled[kept], resamples), rng.multinomial(n2, pooled[kept], resamples))
    return float((1 + (draws >= seen).sum()) / (resamples + 1))


def holm(p: Sequence[float]) -> list[float]:
    """Holm's step-down adjustment: p values that hold for all comparisons together (Holm 1979, Scand. J. Statistics 6:65)."""
    order = sorted(range(len(p)), key=p.__getitem__)
    adjusted, running = [0.0] * len(p), 0.0
    for rank, i in enumerate(order):
        running = max(running, min(1.0, (len(p) - rank) * p[i]))
        adjusted[i] = running
    return adjusted


def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
