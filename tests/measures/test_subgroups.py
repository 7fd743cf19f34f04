"""Subgroups of the test set: intervals that cover, tests that keep their level, and a mix of classes taken for what it is."""

from __future__ import annotations

import itertools
import sys

import numpy as np
import pytest
from scipy import stats

from dermai_report.measures.subgroups import FEWEST_GROUPS, _sign_p, subgroups, too_many_values, worse
from dermai_report.run import Predictions, Run
from tests import builders, worlds


def run_of(
    hit: np.ndarray, columns: dict[str, list[str]], groups: list[str] | None = None, label: np.ndarray | None = None
) -> Run:
    """A run of two classes whose predictions are right where `hit`."""
    true = np.zeros(len(hit), np.int32) if label is None else label.astype(np.int32)
    predicted = np.where(hit, true, 1 - true).astype(np.int32)
    outcome = Predictions(
        sample=[str(n) for n in range(len(hit))], label=true, predicted=predicted, group=groups, columns=columns
    )
    return builders.run(classes=("a", "b"), predictions={"test": outcome}, test=builders.evaluation(outcome, 2))


def test_scores_of_each_value() -> None:
    hit = np.array([1] * 80 + [0] * 20 + [1] * 30 + [0] * 30, bool)
    found = subgroups(run_of(hit, {"tone": ["light"] * 100 + ["dark"] * 60, "site": ["x"] * 159 + [""]}))
    dark, light, unsaid, x = found
    assert [s.name for s in found] == ["tone dark", "tone light", "site (not stated)", "site x"]
    assert (dark.n, dark.accuracy, dark.rest_accuracy, dark.n_groups) == (60, 0.5, 0.8, None)
    single = stats.fisher_exact([[30, 30], [80, 20]], alternative="less").pvalue
    single -= stats.hypergeom(160, 110, 60).pmf(30) / 2
    assert dark.p == pytest.approx(4 * single)
    assert light.p == 1.0 and not light.too_few
    assert unsaid.too_few and unsaid.n == 1
    assert x.accuracy_ci95[0] < x.accuracy < x.accuracy_ci95[1]


def test_columns_that_are_no_subgroups() -> None:
    run = run_of(np.ones(50, bool), {"id": [str(n) for n in range(50)], "one": ["x"] * 50})
    assert subgroups(run) == []
    assert too_many_values(run) == ["id"]
    assert subgroups(builders.run()) == [] and too_many_values(builders.run()) == []


def test_numbers_that_measure_and_names_of_samples_are_no_subgroups() -> None:
    ages, tones = [str(n % 15) for n in range(60)], [str(1 + n % 6) for n in range(60)]
    run = run_of(np.ones(60, bool), {"age": ages, "tone": tones, "site": [f"s{a}" for a in ages]})
    assert {s.column for s in subgroups(run)} == {"tone", "site"}
    assert too_many_values(run) == ["age"]
    few = run_of(np.ones(12, bool), {"file": [f"{n}.png" for n in range(12)], "unsaid": [""] * 12})
    assert subgroups(few) == [] and too_many_values(few) == ["file"]


def test_within_classes_is_mantel_haenszel() -> None:
    rng = np.random.default_rng(1)
    strata, member, hit = rng.integers(0, 3, 400), rng.random(400) < 0.3, rng.random(400) < 0.7
    score = variance = 0.0
    for s in range(3):
        table = np.array([[(hit & member)[strata == s].sum(), (~hit & member)[strata == s].sum()],
                          [(hit & ~member)[strata == s].sum(), (~hit & ~member)[strata == s].sum()]])  # fmt: skip
        n, rows, cols = table.sum(), table.sum(1), table.sum(0)
        score += table[0, 0] - rows[0] * cols[0] / n
        variance += rows.prod() * cols.prod() / n**2 / (n - 1)
    assert worse(hit, member, strata) == pytest.approx(stats.norm.cdf(score / variance**0.5))


def test_a_mix_of_classes_is_told_from_a_weakness() -> None:
    """The dark half has more of the hard class, and each class is recognised as well as in the light half."""
    rng = np.random.default_rng(2)
    dark = rng.random(4000) < 0.5
    hard = (rng.random(4000) < np.where(dark, 0.7, 0.3)).astype(int)
    hit = rng.random(4000) < np.where(hard == 1, 0.6, 0.9)
    found = subgroups(run_of(hit, {"tone": np.where(dark, "dark", "light").tolist()}, label=hard))
    assert found[0].name == "tone dark"
    assert found[0].p is not None and found[0].p < 0.001
    assert found[0].p_same_classes is not None and found[0].p_same_classes > 0.05


def clustered(rng: np.random.Generator, groups: int, drop: float = 0.0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Hits, members and group numbers: patients of one to eight images who differ in how hard they are; a third are members."""
    sizes = rng.integers(1, 9, groups)
    codes = np.repeat(np.arange(groups), sizes)
    member = rng.random(groups) < 1 / 3
    ease = rng.normal(1.2, 1.5, groups) - drop * member
    hit = rng.random(len(codes)) < 1 / (1 + np.exp(-ease[codes]))
    return hit, member[codes], codes


@pytest.mark.parametrize("groups", [30, 120])
def test_level_with_groups(groups: int) -> None:
    """False alarms at .05 stay near .05; Fisher's test, which takes images as independent, raises twice as many."""
    rng = np.random.default_rng(groups)
    draws = [clustered(rng, groups) for _ in range(400)]
    p = [worse(hit, member, codes=codes) for hit, member, codes in draws]
    alone = [worse(hit, member) for hit, member, _ in draws]
    kept = [value for value in p if value is not None]
    assert len(kept) > 390
    assert np.mean([value < 0.05 for value in kept]) < 0.05 + 2 * (0.05 * 0.95 / len(kept)) ** 0.5
    assert np.mean([value < 0.05 for value in alone if value is not None]) > 0.09


def test_power_with_groups() -> None:
    rng = np.random.default_rng(0)
    p = [worse(hit, member, codes=codes) for hit, member, codes in (clustered(rng, 200, drop=2.0) for _ in range(40))]
    assert np.mean([value is not None and value < 0.05 for value in p]) > 0.9


def test_drawn_signs_agree_with_the_normal_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    hit, member, codes = clustered(np.random.default_rng(3), 500, drop=0.3)
    drawn = worse(hit, member, codes=codes)
    monkeypatch.setattr(sys.modules["dermai_report.measures.subgroups"], "MANY_GROUPS", 0)
    assert drawn == pytest.approx(worse(hit, member, codes=codes), abs=0.03)


@pytest.mark.parametrize("groups", [6, 11])
@pytest.mark.parametrize("seed", range(4))
def test_drawn_signs_agree_with_all_there_are(groups: int, seed: int) -> None:
    """However low the sum: every combination of signs is counted."""
    rng = np.random.default_rng(seed)
    size = rng.exponential(size=groups) if seed else np.ones(groups)
    sums = np.array(list(itertools.product((-1, 1), repeat=groups))) @ size
    for share in (0.0, 0.02, 0.1, 0.4):
        total = np.sort(sums)[int(share * len(sums))]
        signs = next(s for s in itertools.product((-1, 1), repeat=groups) if abs(np.dot(s, size) - total) < 1e-9)
        assert _sign_p(np.array(signs) * size, 0) == pytest.approx((sums <= total + 1e-9).mean(), rel=0.12)


def test_coverage_with_a_few_samples_of_each_of_ten_classes() -> None:
    """The limits of the classes' recalls alone, added by squares, cover .92."""
    rng, held = np.random.default_rng(6), 0
    world = worlds.World(200, 10, skill=3.0)
    many, _ = worlds.draw(world, np.random.default_rng(7), worlds.MANY)
    true = np.mean([(many.predicted[many.label == c] == c).mean() for c in range(10)])
    for _ in range(150):
        outcome, _ = worlds.draw(world, rng)
        run = builders.run(classes=tuple("abcdefghij"), predictions={"test": outcome}, test=builders.evaluation(outcome, 10))
        spans = [site.balanced_accuracy_ci95 for site in subgroups(run)]
        held += sum(low <= true <= high for low, high in spans) / len(spans)
    assert held / 150 > 0.94


def test_groups_that_are_right_as_often_as_all_are_no_evidence() -> None:
    """Their part of the score is 0 but for rounding; taken for a part like others, each would halve the smallest p."""
    right = [0] * 6 * 5 + [1] * 5 * 9 + [1, 1, 1, 0, 0] * 40
    size = [6] * 5 + [5] * 49
    codes = np.repeat(np.arange(54), size)
    assert worse(np.array(right, bool), codes < 5, codes=codes) == 0.5**14


def test_too_few_groups_are_not_tested() -> None:
    n = FEWEST_GROUPS - 1
    hit, groups = np.array([0] * 40 + [1] * 60, bool), [str(i % n) for i in range(40)] + [f"r{i // 2}" for i in range(60)]
    found = subgroups(run_of(hit, {"site": ["x"] * 40 + ["y"] * 60}, groups))
    assert [s.p for s in found] == [None, None]
    assert found[0].n_groups == n and found[0].too_few


def test_coverage_of_the_balanced_accuracy() -> None:
    rng = np.random.default_rng(5)
    held = 0
    for _ in range(150):
        label = (rng.random(160) < 0.2).astype(int)
        hit = rng.random(160) < np.where(label == 1, 0.7, 0.9)
        (x, _) = subgroups(run_of(hit, {"site": ["x"] * 80 + ["y"] * 80}, label=label))
        held += x.balanced_accuracy_ci95[0] <= 0.8 <= x.balanced_accuracy_ci95[1]
    assert held / 150 > 0.91
