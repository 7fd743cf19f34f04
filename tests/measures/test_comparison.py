"""Exact tests against SciPy's."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from dermai_report.measures.comparison import fisher_greater, fisher_less, holm


@given(st.integers(0, 60), st.integers(0, 60), st.integers(0, 60), st.integers(0, 60))
def test_fisher_agrees_with_scipy(a: int, b: int, c: int, d: int) -> None:
    if a + b == 0 or c + d == 0:
        assert fisher_greater(a, a + b, c, c + d) == 1.0
        return
    table = [[a, b], [c, d]]
    assert fisher_greater(a, a + b, c, c + d) == pytest.approx(stats.fisher_exact(table, "greater").pvalue, abs=1e-9)
    assert fisher_less(a, a + b, c, c + d) == pytest.approx(stats.fisher_exact(table, "less").pvalue, abs=1e-9)


def test_fisher_with_a_million_samples() -> None:
    hits = (90_500, 100_000, 819_000, 900_000)
    expected = stats.fisher_exact([[hits[0], hits[1] - hits[0]], [hits[2], hits[3] - hits[2]]], "less").pvalue
    assert fisher_less(*hits) == pytest.approx(expected, rel=1e-6)


def test_holm_controls_the_family() -> None:
    rng = np.random.default_rng(0)
    wrong = sum(min(holm(rng.random(20))) < 0.05 for _ in range(2000))
    assert wrong / 2000 == pytest.approx(0.05, abs=0.015)
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([]) == []
