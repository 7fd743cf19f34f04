"""Intervals over folds and seeds cover the truth when everything that varies is drawn anew."""

import numpy as np
import pytest

from dermai_report.measures.replicates import over_folds, over_seeds
from tests import worlds_of_several as several


def crossed(rng: np.random.Generator, seeds: int, n: int, row: float, column: float, cell: float) -> np.ndarray:
    """Differences with an effect of each seed, of each sample, and of both, around 0."""
    return rng.normal(0, row, (seeds, 1)) + rng.normal(0, column, (1, n)) + rng.normal(0, cell, (seeds, n))


@pytest.mark.parametrize("seeds", [3, 5, 10])
@pytest.mark.parametrize(("row", "column", "cell"), [(0.1, 0, 1), (0, 1, 0.5), (0.1, 1, 1), (0.05, 0.5, 1), (0, 0, 1)])
def test_interval_over_seeds_covers(seeds: int, row: float, column: float, cell: float) -> None:
    rng = np.random.default_rng(11)
    means = [over_seeds(crossed(rng, seeds, 200, row, column, cell)) for _ in range(1500)]
    covered = np.mean([low <= 0 <= high for low, high in (m.ci95 for m in means if m.ci95)])
    assert covered >= 0.935  # wider where neither seeds nor samples matter: by design never below either share


def test_one_seed_tells_of_the_pictures_alone() -> None:
    rng = np.random.default_rng(2)
    means = [over_seeds(crossed(rng, 1, 100, 0, 1, 0)) for _ in range(2000)]
    assert np.mean([m.ci95[0] <= 0 <= m.ci95[1] for m in means if m.ci95]) == pytest.approx(0.95, abs=0.015)


@pytest.mark.parametrize("folds", [5, 10])
def test_interval_over_folds_covers(folds: int) -> None:
    found = several.shares(several.folded(folds, 100), 1500, seed=5)
    assert found["mean over folds"][0] >= 0.94


def test_the_interval_over_folds_is_wider_than_that_of_independent_scores() -> None:
    scores = [0.7, 0.8, 0.75, 0.9, 0.65]
    mean = over_folds(scores, 0.2)
    assert mean.ci95
    assert mean.ci95[1] - mean.ci95[0] == pytest.approx(2 * 2.776 * np.std(scores, ddof=1) * (1 / 5 + 1 / 4) ** 0.5, rel=1e-3)


def test_too_little_has_no_interval() -> None:
    assert over_folds([0.8], 0.2) == (0.8, None, 0.0)
    assert over_seeds([[0.1]]).ci95 is None
    assert np.isnan(over_folds([], 0.2).value)


def test_equal_differences_have_an_interval_of_no_width() -> None:
    assert over_seeds(np.full((3, 5), 0.25)) == (0.25, (0.25, 0.25), 2.0)


@pytest.mark.parametrize("seeds", [1, 4])
def test_patients_are_counted_and_not_their_pictures(seeds: int) -> None:
    rng, codes = np.random.default_rng(4), np.repeat(np.arange(50), 6)
    covered, naive = [], []
    for _ in range(1000):
        cells = crossed(rng, seeds, 50, 0, 1, 0)[:, codes] + rng.normal(0, 0.5, (seeds, len(codes)))
        for found, given in ((covered, codes), (naive, None)):
            mean = over_seeds(cells, given)
            assert mean.ci95
            found.append(mean.ci95[0] <= 0 <= mean.ci95[1])
    assert np.mean(covered) >= 0.935
    assert np.mean(naive) < 0.7
    assert over_seeds(cells, np.arange(len(codes))).value == pytest.approx(over_seeds(cells).value)
    assert over_seeds(cells, np.arange(len(codes))).ci95 == pytest.approx(over_seeds(cells).ci95)
