"""Intervals of what was gained, by simulation against the truth; seeded."""

from dataclasses import replace

import numpy as np
import pytest

from dermai_report.comparison.differences import _recall
from dermai_report.comparison.matching import Shared
from dermai_report.measures.auroc import area_difference, auroc
from dermai_report.measures.intervals import combined, p_of
from dermai_report.measures.paired import compare
from dermai_report.measures.ranking import rank
from tests import builders

MIX = (0.5, 0.3, 0.15, 0.05)
K = len(MIX)


def drawn(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Labels and two models' probabilities, the second more skilled, both wrong about much the same samples."""
    label = rng.choice(K, n, p=MIX)
    common = rng.normal(size=(n, K))
    tables = []
    for skill in (1.5, 2.2):
        logits = common + 0.7 * rng.normal(size=(n, K))
        logits[np.arange(n), label] += skill
        table = np.exp(logits)
        tables.append(table / table.sum(axis=1, keepdims=True))
    return label, tables[0], tables[1]


@pytest.fixture(scope="module")
def truth() -> tuple[float, float]:
    label, first, second = drawn(np.random.default_rng(99), 200_000)
    recalls = [np.mean([(t.argmax(1)[label == c] == c).mean() for c in range(K)]) for t in (first, second)]
    areas = [np.mean([auroc(rank(t[:, c], label == c))[0].value for c in range(K)]) for t in (first, second)]  # type: ignore[arg-type]
    return float(recalls[1] - recalls[0]), float(areas[1] - areas[0])


def test_paired_intervals_of_averages_over_classes_hold_the_truth(truth: tuple[float, float]) -> None:
    rounds, held = 0, np.zeros(2)
    for seed in range(300):
        label, first, second = drawn(np.random.default_rng(seed), 500)
        places = np.arange(len(label))
        shared = Shared(label, first.argmax(axis=1), second.argmax(axis=1), places, places, None)
        rows = [row for c in range(K) if (row := _recall(shared, c, "")) is not None]
        low, high = combined([(row.difference, row.ci95) for row in rows], least=-1.0)  # type: ignore[misc]
        found = area_difference(first, second, label)
        if found is None:
            continue
        rounds += 1
        held += (low <= truth[0] <= high, found[2][0] <= truth[1] <= found[2][1])
    assert rounds > 280
    assert 0.93 <= held[0] / rounds <= 0.99  # one discordant pair more a class and way: wide where classes are rare
    assert 0.93 <= held[1] / rounds <= 0.975


def test_two_equal_models_are_seldom_told_apart() -> None:
    told = 0
    for seed in range(400):
        rng = np.random.default_rng(seed)
        common = builders.predictions(rng, 150)
        ways = []
        for shift in rng.normal(scale=0.7, size=(2, 150, 4)):
            predicted = (np.log(common.probabilities) + shift).argmax(axis=1).astype(np.int32)
            ways.append(replace(common, predicted=predicted, probabilities=None))
        pair = compare(ways[0], ways[1])
        assert pair is not None and pair.p is not None
        told += pair.p < 0.05 and not pair.ci95[0] <= 0 <= pair.ci95[1]
    assert told / 400 <= 0.06  # what is asked of a verdict; McNemar's exact test is conservative


def test_a_rare_class_has_no_paired_area() -> None:
    label, first, second = drawn(np.random.default_rng(0), 60)
    assert area_difference(first, second, label) is None


def test_p_of_an_interval() -> None:
    assert p_of(0.0, (-0.1, 0.1)) == 1
    assert p_of(0.1, (0.0, 0.2)) == pytest.approx(0.05)
    assert p_of(-0.1, (-0.4, 0.0)) == pytest.approx(0.05)
    assert p_of(0.2, (0.1, 0.3)) < 0.001
    assert (p_of(0.0, (0.0, 0.0)), p_of(0.1, (0.1, 0.1))) == (1.0, 0.0)
