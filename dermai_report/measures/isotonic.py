"""Least squares under an order, for many curves at once: falling curves, and valleys that fall and then rise.

Sources: Robertson, Wright and Dykstra, Order Restricted Statistical Inference (1988), for the min-max formula; Stout,
Unimodal regression via prefix isotonic regression (2008), for the valley from the fits of all prefixes.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class Valleys(NamedTuple):
    """The valley fits of many curves y (rows, n), each about its mean.

    explained (rows, n + 1): sum of squares of the best fit that falls over the first k points and then rises; k = n is the
    best falling fit. falling (rows, n + 1): that of the fall over the first k points alone. total (rows,): sum of squares of
    the curve itself. left, right (rows, n): where the last level of the fit to each prefix begins, from the left, and from the
    right in the reversed curve.
    """

    explained: Floats
    falling: Floats
    total: Floats
    left: Ints
    right: Ints


def falling_prefixes(y: Floats) -> tuple[Floats, Ints]:
    """The non-increasing fit of every prefix of every row of y (rows, n).

    Returns explained (rows, n + 1), the sum of squares of the fit to the first t points, and start (rows, n), where the last
    level of the fit to the first t + 1 points begins. That level has the smallest mean of all stretches that end at t (the
    min-max formula), and what precedes it is the fit of a shorter prefix: n steps, without the inner loop of pooling.
    """
    rows, n = y.shape
    total = np.zeros((rows, n + 1))
    np.cumsum(y, axis=1, out=total[:, 1:])
    explained, start, row = np.zeros((rows, n + 1)), np.zeros((rows, n), dtype=np.int64), np.arange(rows)
    per_point, buffer = 1 / np.arange(n, 0.0, -1.0), np.empty(rows * n)
    for t in range(n):
        mean = buffer[: rows * (t + 1)].reshape(rows, t + 1)  # in place: fresh memory at each step costs four times as much
        np.subtract(total[:, t + 1, None], total[:, : t + 1], out=mean)
        mean *= per_point[n - 1 - t :]
        s = mean.argmin(axis=1)
        start[:, t] = s
        explained[:, t + 1] = explained[row, s] + mean[row, s] ** 2 * (t + 1 - s)
    return explained, start


def fit_valleys(y: Floats) -> Valleys:
    """All valleys of every row of y (rows, n): one pass from the left and one from the right, O(n^2) a row."""
    rows = len(y)
    centred = y - y.mean(axis=1, keepdims=True)
    explained, start = falling_prefixes(np.concatenate((centred, centred[:, ::-1])))
    joint = explained[:rows] + explained[rows:, ::-1]
    return Valleys(joint, explained[:rows], (centred**2).sum(axis=1), start[:rows], start[rows:])


def valley_curves(y: Floats, valleys: Valleys, k: Ints) -> tuple[Floats, Ints]:
    """The fitted values (rows, n) of curves y (rows, n) that fall over k points (rows,) and then rise, and how many levels each has."""
    rows, n = y.shape
    starts = np.zeros((rows, n + 1), dtype=bool)
    starts[:, 0] = True
    starts[np.arange(rows), k] = True
    for begin, end, mirrored in ((valleys.left, k.copy(), False), (valleys.right, n - k, True)):
        open_rows = np.flatnonzero(end)
        while len(open_rows):
            end[open_rows] = begin[open_rows, end[open_rows] - 1]
            starts[open_rows, n - end[open_rows] if mirrored else end[open_rows]] = True
            open_rows = open_rows[end[open_rows] > 0]
    starts = starts[:, :n]
    first = np.flatnonzero(starts)
    levels = np.add.reduceat(y.ravel(), first) / np.diff(first, append=rows * n)
    return levels[np.cumsum(starts) - 1].reshape(rows, n), starts.sum(axis=1)


def bottoms(y: Floats, valleys: Valleys) -> tuple[Floats, Ints]:
    """The lowest level (rows,) of the best valley of every row of y (rows, n), and the index where it ends (rows,).

    That index is the first point of the rise; n where the curve never rises.
    """
    rows, n = y.shape
    row, total = np.arange(rows), np.zeros((rows, n + 1))
    np.cumsum(y, axis=1, out=total[:, 1:])
    k = valleys.explained.argmax(axis=1)
    begin = np.where(k > 0, valleys.left[row, k - 1], 0)
    end = np.where(k < n, n - valleys.right[row, n - k - 1], n)
    falling = np.where(k > 0, (total[row, k] - total[row, begin]) / np.maximum(k - begin, 1), np.inf)
    rising = np.where(k < n, (total[row, end] - total[row, k]) / np.maximum(end - k, 1), np.inf)
    return np.minimum(falling, rising), np.where(falling < rising - 1e-12, k, end)
