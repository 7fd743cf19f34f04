"""One number for all classes, from the confusion counts: macro F1, balanced accuracy, Matthews' correlation, Cohen's kappa.

Each comes with the influence of one sample on it, for every cell of the table. That gives its standard error, with whole groups as
easily as with samples, at the cost of classes^2 (the infinitesimal jackknife: Efron and Tibshirani 1993, chapter 21).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from dermai_report.measures.intervals import combined, half_width, student95
from dermai_report.report import ClassScore, Interval
from dermai_report.run import Predictions


class Average(NamedTuple):
    """A score of (k, k) shares; influence (k, k): its derivative by the share of each cell, up to a constant; bias: what the
    expected value of the score lacks, times the number of samples.
    """

    value: float
    influence: np.ndarray
    bias: float = 0.0


class Cells(NamedTuple):
    """The cell of each sample, its label (n,) and what it was called (n,), and its group's number (n,), without gaps."""

    label: np.ndarray
    predicted: np.ndarray
    codes: np.ndarray


def macro_f1(shares: np.ndarray, classes: int | None = None) -> Average:
    """Mean F1 over the classes that occur or are called (or over `classes` many). shares: (k, k), counts or parts of 1.

    F1 is a ratio, 2 hits over b, the samples that are the class plus those called it. The delta method gives the bias of such a
    ratio, and here it is -F1 (1 - F1) / b: a hundred classes with ten samples each lose a point by it.
    """
    both = shares.sum(1) + shares.sum(0)
    seen, both = both > 0, np.where(both > 0, both, 1)
    k = classes or max(int(seen.sum()), 1)
    f1 = 2 * np.diag(shares) / both
    slope = f1 / both
    return Average(
        float(f1.sum()) / k,
        (2 * np.diag(1 / both) - slope[:, None] - slope[None]) / k,
        float((f1 * (1 - f1) / both).sum()) / k,
    )


def balanced_accuracy(shares: np.ndarray) -> Average:
    """Mean recall over the classes that occur. shares: (k, k), counts or parts of 1."""
    true = shares.sum(1)
    k, true = max(int((true > 0).sum()), 1), np.where(true > 0, true, 1)
    recall = np.diag(shares) / true
    return Average(float(recall.sum()) / k, (np.eye(len(shares)) - recall[:, None]) / true[:, None] / k)


def mcc(shares: np.ndarray) -> Average | None:
    """Matthews' correlation, in [-1, 1] (Gorodkin 2004); None where all samples are of one class or called one. shares: parts of 1."""
    true, called, hit = shares.sum(1), shares.sum(0), float(np.trace(shares))
    spread_true, spread_called = 1 - float(true @ true), 1 - float(called @ called)
    if min(spread_true, spread_called) < 1e-12:
        return None
    scale = math.sqrt(spread_true * spread_called)
    value = (hit - float(true @ called)) / scale
    slope = (np.eye(len(shares)) - called[:, None] - true[None]) / scale
    return Average(value, slope + value * (true[:, None] / spread_true + called[None] / spread_called))


def kappa(shares: np.ndarray) -> Average | None:
    """Cohen's kappa, in [-1, 1] (Cohen 1960); None where agreement by chance is certain. shares: parts of 1."""
    true, called, hit = shares.sum(1), shares.sum(0), float(np.trace(shares))
    missing = 1 - float(true @ called)
    if missing < 1e-12:
        return None
    slope = np.eye(len(shares)) * missing - (1 - hit) * (called[:, None] + true[None])
    return Average(1 - (1 - hit) / missing, slope / missing**2)


def averages(
    confusion: np.ndarray, rows: list[ClassScore], outcome: Predictions | None = None, codes: np.ndarray | None = None
) -> dict[str, tuple[float, Interval | None]]:
    """macro_f1, balanced_accuracy, mcc and kappa of (k, k) counts with 95 % intervals; rows: the scores of the classes.

    The two correlations have theirs drawn on Fisher's z; all wrong is as sure as all right: of two classes the correlation is -1.
    """
    cells = None if outcome is None or codes is None else Cells(outcome.label, outcome.predicted, codes)
    result: dict[str, tuple[float, Interval | None]] = {
        "macro_f1": class_mean(macro_f1, confusion, [(r.f1, r.f1_ci95) for r in rows], cells),
        "balanced_accuracy": class_mean(balanced_accuracy, confusion, [(r.recall, r.recall_ci95) for r in rows], cells),
    }
    n = int(confusion.sum())
    plain = confusion / n
    shares = _smoothed(confusion) if int(np.trace(confusion)) in (0, n) else plain
    for name, score in (("mcc", mcc), ("kappa", kappa)):
        at, near = score(plain), score(shares)
        if at is None or near is None:
            continue
        half, span = _half(near.influence, shares, n, cells), None
        if half is not None:
            z, width = math.atanh(near.value), half / (1 - near.value**2)
            span = _around(at.value, math.tanh(z - width), math.tanh(z + width))
        result[name] = (at.value, span)
    return result


def class_mean(
    score: Callable[[np.ndarray], Average],
    confusion: np.ndarray,
    parts: Sequence[tuple[float | None, Interval | None]],
    cells: Cells | None = None,
) -> tuple[float, Interval]:
    """A mean over the classes of (k, k) counts and its 95 % interval; parts: the value and interval of each class.

    The wider of that from the influences and of the classes' limits combined by squares (MOVER: Zou and Donner 2008, Statistics in
    Medicine 27:1693): no standard error can see that a rare class without errors could have some, and the limits of ten classes with
    ten samples each add up to too little. cells: where samples come in groups.
    """
    n, shares = int(confusion.sum()), _smoothed(confusion)
    at, near = score(confusion / n), score(shares)
    half, centre = _half(near.influence, shares, n, cells), near.value + near.bias / n
    low, high = combined([(v, ci) for v, ci in parts if v is not None and ci is not None])
    if half is None:  # a single sample, or group
        return at.value, (low, high)
    return at.value, _around(at.value, max(min(centre - half, low), 0.0), min(max(centre + half, high), 1.0))


def _smoothed(confusion: np.ndarray) -> np.ndarray:
    """Shares (k, k) with one more sample, spread over the cells that a class which occurs could fill: for a standard error where there
    is none to see. The correlations do without while there are errors: near 1 their interval counts errors, and would lean to one more.
    """
    room = np.outer(confusion.sum(1) > 0, confusion.sum(0) + confusion.sum(1) > 0)
    return np.asarray((confusion + room / room.sum()) / (int(confusion.sum()) + 1))


def _around(value: float, low: float, high: float) -> Interval:
    return min(low, value), max(high, value)


def _half(influence: np.ndarray, shares: np.ndarray, n: int, cells: Cells | None) -> float | None:
    """Half of the 95 % interval from the influences of the cells, or of the groups where there are any."""
    influence = influence - float((shares * influence).sum())
    if cells is not None:
        return half_width(influence[cells.label, cells.predicted], cells.codes)
    return student95(n - 1) * math.sqrt(float((shares * influence**2).sum()) / (n - 1)) if n > 1 else None
