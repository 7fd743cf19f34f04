"""Means over repeated trainings: folds share training pictures, seeds share test pictures, and an interval must know it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from dermai_report.measures.intervals import student95


class Mean(NamedTuple):
    """A mean, its 95 % interval (None where one value cannot tell), and the degrees of freedom that it rests on."""

    value: float
    ci95: tuple[float, float] | None
    freedom: float


def over_folds(scores: ArrayLike, validation_share: float) -> Mean:
    """Mean score over folds (and repeats), with the interval that allows for overlapping training sets.

    scores: one a fold, (J,); validation_share: part of the pictures that validates in a fold (1 / folds). The variance of the
    mean is s^2 (1 / J + share / (1 - share)) with J - 1 degrees of freedom (Nadeau and Bengio 2003, Machine Learning 52:239);
    the plain s^2 / J is far too small, because two folds train on mostly the same pictures.
    """
    values = np.asarray(scores, dtype=float)
    n = len(values)
    if n < 2:
        return Mean(float(values.mean()) if n else float("nan"), None, 0.0)
    variance = float(values.var(ddof=1)) * (1 / n + validation_share / (1 - validation_share))
    return _interval(float(values.mean()), variance, n - 1)


def over_seeds(differences: ArrayLike, codes: np.ndarray | None = None) -> Mean:
    """Mean of per-sample differences (S, n) between two configurations, over seeds and over samples of one test set.

    codes: (n,) group numbers, where samples of one group (images of a patient) are alike: then groups are drawn, not samples.

    Both are drawn: other seeds and other pictures would have given another mean. With S rows and n columns the variance of
    the grand mean is estimated by the rows' plus the columns' less the cells' share, never below the larger of the first two
    (the two-way clustered variance; Cameron, Gelbach and Miller 2011, JBES 29:238; Owen 2007, Annals of Applied Statistics
    1:386), with Satterthwaite's degrees of freedom. With one seed the interval tells of the pictures alone.
    """
    cells = np.asarray(differences, dtype=float)
    if codes is not None:
        cells = _by_group(cells, codes)
    seeds, n = cells.shape
    mean = float(cells.mean())
    if n < 2:
        return Mean(mean, None, 0.0)
    columns = float(cells.mean(axis=0).var(ddof=1)) / n
    if seeds < 2:
        return _interval(mean, columns, n - 1)
    rows = float(cells.mean(axis=1).var(ddof=1)) / seeds
    rest = cells - cells.mean(axis=0) - cells.mean(axis=1)[:, None] + mean
    within = float((rest**2).sum()) / ((seeds - 1) * (n - 1)) / (seeds * n)
    variance = max(rows + columns - within, rows, columns)
    freedom = variance**2 / (rows**2 / (seeds - 1) + columns**2 / (n - 1)) if variance > 0 else float(seeds - 1)
    return _interval(mean, variance, max(1.0, freedom))


def _by_group(cells: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """(S, groups) cells with the mean of each row as it was: a group's cell is the mean and the sum of its deviations, scaled."""
    groups, n = int(codes.max()) + 1, cells.shape[1]
    mean = cells.mean()
    sums = np.stack([np.bincount(codes, weights=row - mean, minlength=groups) for row in cells])
    return np.asarray(mean + sums * groups / n)


def _interval(mean: float, variance: float, freedom: float) -> Mean:
    half = student95(freedom) * variance**0.5
    return Mean(mean, (mean - half, mean + half), freedom)
