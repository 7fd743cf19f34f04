"""Intervals against the truth, by exact sums and simulation."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from dermai_report.measures.intervals import f1_interval, newcombe, samples_to_resolve, wilson


@pytest.mark.parametrize("n", [10, 50, 400])
@pytest.mark.parametrize("p", [0.05, 0.3, 0.7, 0.95])
def test_wilson_covers_on_average(n: int, p: float) -> None:
    """Exact coverage, averaged over p nearby: single p oscillate by design of any discrete interval."""
    covered = []
    for q in np.linspace(max(p - 0.03, 0.01), min(p + 0.03, 0.99), 25):
        k = np.arange(n + 1)
        weight = stats.binom.pmf(k, n, q)
        inside = [low <= q <= high for low, high in (wilson(i, n) for i in k)]
        covered.append(float(weight @ np.array(inside)))
    assert 0.93 <= np.mean(covered) <= 0.98


@pytest.mark.parametrize("n", [5, 12, 30, 100])
def test_wilson_covers_the_worst_proportion(n: int) -> None:
    """Unmended it falls to .84 where one success or failure is expected."""
    p, k = np.linspace(0.001, 0.999, 999), np.arange(n + 1)
    low, high = np.array([wilson(int(i), n) for i in k]).T[:, :, None]
    covered = (stats.binom.pmf(k[:, None], n, p) * ((low <= p) & (p <= high))).sum(axis=0)
    assert covered.min() >= 0.91


@pytest.mark.parametrize(("n1", "n2"), [(20, 30), (100, 80), (600, 1000)])
@pytest.mark.parametrize(("p1", "p2"), [(0.5, 0.5), (0.9, 0.85), (0.98, 0.97)])
def test_newcombe_covers(n1: int, n2: int, p1: float, p2: float) -> None:
    rng = np.random.default_rng(1)
    hits1, hits2 = rng.binomial(n1, p1, 2000), rng.binomial(n2, p2, 2000)
    spans = [newcombe(a / n1, n1, b / n2, n2) for a, b in zip(hits1, hits2, strict=True)]
    assert np.mean([low <= p1 - p2 <= high for low, high in spans]) >= 0.935


@pytest.mark.parametrize("n", [60, 300])
@pytest.mark.parametrize(("prevalence", "recall", "false_rate"), [(0.2, 0.8, 0.05), (0.5, 0.6, 0.2), (0.1, 0.95, 0.01)])
def test_f1_interval_covers(n: int, prevalence: float, recall: float, false_rate: float) -> None:
    p = [prevalence * recall, prevalence * (1 - recall), (1 - prevalence) * false_rate, 0.0]
    p[3] = 1 - sum(p)
    truth = 2 * p[0] / (2 * p[0] + p[1] + p[2])
    draws = np.random.default_rng(2).multinomial(n, p, 3000)
    draws = draws[draws[:, :3].sum(axis=1) > 0]
    spans = [f1_interval(tp, tp + fp + fn) for tp, fn, fp, _ in draws]
    assert 0.93 <= np.mean([low <= truth <= high for low, high in spans]) <= 0.99  # wider with six samples of the class


@given(st.integers(1, 10_000), st.floats(0, 1))
def test_wilson_holds_its_estimate(n: int, p: float) -> None:
    low, high = wilson(p * n, n)
    assert 0 <= low <= p + 1e-12
    assert p - 1e-12 <= high <= 1


def test_edges() -> None:
    assert wilson(0, 0) == (0.0, 1.0)
    assert wilson(0, 10)[0] == 0.0
    assert wilson(10, 10)[1] == 1.0
    assert f1_interval(0, 0) == (0.0, 1.0)


def test_samples_needed_for_the_published_drop() -> None:
    assert samples_to_resolve(0.7468, 0.6905) == 491
    assert newcombe(0.7468, 490, 0.6905, 490)[0] <= 0 < newcombe(0.7468, 491, 0.6905, 491)[0]
    assert samples_to_resolve(0.5, 0.5) is None
    assert samples_to_resolve(0.5, 0.5 + 1e-9) is None
    assert math.isclose(samples_to_resolve(0.5, 0.6) or 0, samples_to_resolve(0.6, 0.5) or 1)
