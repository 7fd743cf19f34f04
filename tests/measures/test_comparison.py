"""Tests of proportions against SciPy's exact ones."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from dermai_report.measures.comparison import confusion_p, fisher_greater, fisher_less, holm, same_mix
from dermai_report.measures.intervals import independent_difference, newcombe, student95, wilson
from dermai_report.measures.paired import compare, difference_interval, mcnemar
from dermai_report.run import Predictions
from tests import builders


@given(st.integers(0, 60), st.integers(0, 60), st.integers(0, 60), st.integers(0, 60))
def test_fisher_agrees_with_scipy(a: int, b: int, c: int, d: int) -> None:
    if a + b == 0 or c + d == 0:
        assert fisher_greater(a, a + b, c, c + d) == 1.0
        return
    seen = stats.hypergeom(a + b + c + d, a + c, a + b).pmf(a) / 2
    for test, alternative in ((fisher_greater, "greater"), (fisher_less, "less")):
        whole = stats.fisher_exact([[a, b], [c, d]], alternative).pvalue
        assert test(a, a + b, c, c + d) == pytest.approx(whole - seen, abs=1e-9)
    assert fisher_greater(a, a + b, c, c + d) + fisher_less(a, a + b, c, c + d) == pytest.approx(1)


def test_fisher_with_a_million_samples() -> None:
    hits = (90_500, 100_000, 819_000, 900_000)
    expected = stats.fisher_exact([[hits[0], hits[1] - hits[0]], [hits[2], hits[3] - hits[2]]], "less").pvalue
    expected -= stats.hypergeom(1_000_000, 909_500, 100_000).pmf(90_500) / 2
    assert fisher_less(*hits) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("n", [30, 300])
def test_a_difference_by_chance_is_found_as_often_as_the_level_says(n: int) -> None:
    """The whole p finds one in .032 and .042 of these draws."""
    rng = np.random.default_rng(n)
    found = np.mean([fisher_less(rng.binomial(n, 0.85), n, rng.binomial(3 * n, 0.85), 3 * n) < 0.05 for _ in range(4000)])
    assert 0.044 <= found <= 0.058


def test_holm_controls_the_family() -> None:
    rng = np.random.default_rng(0)
    wrong = sum(min(holm(rng.random(20))) < 0.05 for _ in range(2000))
    assert wrong / 2000 == pytest.approx(0.05, abs=0.015)
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([]) == []


def test_a_weak_class_is_no_confused_pair() -> None:
    """Uniform errors among many classes: the family of all pairs keeps false alarms rare."""
    rng = np.random.default_rng(1)
    alarms = 0
    for _ in range(60):
        counts = np.diag([49] * 30)
        counts[np.arange(30), (np.arange(30) + rng.integers(1, 30, 30)) % 30] += 1
        pairs = [(a, b) for a in range(30) for b in range(30) if a != b]
        alarms += min(holm([confusion_p(counts, *pair) if counts[pair] else 1.0 for pair in pairs])) < 0.05
    assert alarms <= 7
    weak = np.array([[90, 5, 5], [5, 90, 5], [25, 25, 50]])
    assert confusion_p(weak, 2, 0) > 0.3


def test_same_mix() -> None:
    rng = np.random.default_rng(2)
    p = [0.6, 0.3, 0.08, 0.02]
    alarms = [same_mix(rng.multinomial(200, p), rng.multinomial(300, p), 400) < 0.05 for _ in range(200)]
    assert np.mean(alarms) <= 0.09
    assert same_mix(np.array([800, 200]), np.array([500, 500])) < 0.001


def test_paired_comparison() -> None:
    base = builders.predictions(np.random.default_rng(0), 400, skill=1.0)
    flipped = base.predicted.copy()
    wrong = np.flatnonzero(base.predicted != base.label)[:30]
    flipped[wrong] = base.label[wrong]
    order = np.random.default_rng(1).permutation(400)
    better = replace(base, predicted=flipped[order], label=base.label[order], sample=[base.sample[i] for i in order])
    found = compare(base, better)
    assert found is not None
    assert (found.n, found.fixed, found.broken) == (400, 30, 0)
    assert found.difference == pytest.approx(30 / 400)
    assert found.ci95[0] > 0
    assert found.p == pytest.approx(2 * 0.5**30)
    assert compare(base, replace(base, sample=[f"other{i}" for i in range(400)])) is None


def test_paired_interval_covers() -> None:
    rng = np.random.default_rng(3)
    for up, down, n in ((0.1, 0.05, 100), (0.02, 0.02, 300), (0.3, 0.1, 50)):
        draws = rng.multinomial(n, [up, down, 1 - up - down], 1500)
        spans = [difference_interval(a, b, n) for a, b, _ in draws]
        assert 0.93 <= np.mean([low <= up - down <= high for low, high in spans]) <= 0.995


@given(st.integers(0, 40), st.integers(0, 40))
def test_mcnemar_agrees_with_scipy(fixed: int, broken: int) -> None:
    expected = stats.binomtest(fixed, fixed + broken).pvalue if fixed + broken else 1.0
    assert mcnemar(fixed, broken) == pytest.approx(expected)


def two_models(
    rng: np.random.Generator, n: int, k: int = 4, gain: float = 0.3, prior: np.ndarray | None = None, groups: int = 0
) -> list[Predictions]:
    """Two correlated models on the same samples; the second has more skill by `gain`. Samples of one group are alike."""
    label = rng.choice(k, n, p=prior)
    shared = rng.normal(size=(n, k))
    group = rng.integers(0, groups, n) if groups else None
    if group is not None:
        shared = (shared + rng.normal(size=(groups, k))[group]) / 2**0.5
    models = []
    for skill in (1.6, 1.6 + gain):
        logits = 0.9 * shared + 0.44 * rng.normal(size=(n, k))
        logits[np.arange(n), label] += skill
        p = np.exp(1.5 * logits)
        p /= p.sum(axis=1, keepdims=True)
        names = None if group is None else [str(g) for g in group]
        models.append(
            Predictions(
                sample=[str(i) for i in range(n)], label=label, predicted=p.argmax(axis=1), probabilities=p, group=names
            )
        )
    return models


@pytest.mark.parametrize(("n", "k", "rarest", "groups"), [(100, 4, 1, 0), (200, 10, 1, 0), (300, 5, 20, 0), (400, 4, 1, 40)])
def test_paired_intervals_cover(n: int, k: int, rarest: int, groups: int) -> None:
    """Accuracy, loss and macro F1: the true differences are those of a huge sample."""
    prior = np.linspace(1, rarest, k) / np.linspace(1, rarest, k).sum()
    truth = compare(*two_models(np.random.default_rng(9), 200_000, k, prior=prior))
    rng, covered = np.random.default_rng(4), np.zeros(3)
    for _ in range(300):
        found = compare(*two_models(rng, n, k, prior=prior, groups=groups))
        assert truth is not None
        assert found is not None
        spans = (found.ci95, found.loss_ci95, found.macro_f1_ci95)
        values = (truth.difference, truth.loss, truth.macro_f1)
        covered += [low <= v <= high for (low, high), v in zip(spans, values, strict=True)]
    assert (covered / 300 >= 0.92).all()
    assert (covered / 300 <= 0.99).all()


def test_a_relabelled_sample_is_left_out_and_counted() -> None:
    base = builders.predictions(np.random.default_rng(0), 50)
    changed = base.label.copy()
    changed[:3] = (changed[:3] + 1) % 4
    found = compare(base, replace(base, label=changed))
    assert found is not None
    assert (found.n, found.relabelled, found.difference, found.macro_f1) == (47, 3, 0.0, 0.0)
    assert found.macro_f1_ci95 is not None
    assert found.macro_f1_ci95[0] < 0 < found.macro_f1_ci95[1]


def test_groups_leave_no_exact_test() -> None:
    one, two = two_models(np.random.default_rng(0), 200, groups=10)
    found = compare(one, two)
    alone = compare(replace(one, group=None), replace(two, group=None))
    assert found is not None
    assert alone is not None
    assert (found.p, found.n_groups) == (None, 10)
    assert found.ci95[1] - found.ci95[0] > alone.ci95[1] - alone.ci95[0]


def test_independent_difference_is_newcombe_for_proportions() -> None:
    expected = newcombe(0.8, 200, 0.7, 150)
    assert independent_difference(0.8, wilson(160, 200), 0.7, wilson(105, 150)) == pytest.approx(expected)


@pytest.mark.parametrize("freedom", [1, 2, 3, 5, 12, 400])
def test_students_quantile_agrees_with_scipy(freedom: int) -> None:
    assert student95(freedom) == pytest.approx(stats.t.ppf(0.975, freedom), rel=2e-3)


@pytest.mark.parametrize("freedom", [1.2, 1.5, 1.99, 2.5, 2.999])
def test_students_quantile_holds_between_whole_degrees_of_freedom(freedom: float) -> None:
    assert student95(freedom) == pytest.approx(stats.t.ppf(0.975, freedom), rel=7e-3)
