"""Test scores against scikit-learn, and their intervals against the truth."""

import time

import numpy as np
import pytest
from sklearn import metrics

from dermai_report import measures
from dermai_report.measures import scores
from dermai_report.measures.ranking import SORT_UP_TO, auroc, macro
from dermai_report.run import Evaluation
from tests import builders


@pytest.mark.parametrize("seed", range(3))
def test_scores_agree_with_scikit_learn(seed: int) -> None:
    outcome = builders.predictions(np.random.default_rng(seed), 400, skill=1.0)
    run = builders.run(test=builders.evaluation(outcome, 4), predictions={"test": outcome})
    s = measures.test_scores(run)
    assert s is not None
    y, z = outcome.label, outcome.predicted
    assert s.accuracy == pytest.approx(metrics.accuracy_score(y, z))
    assert s.macro_f1 == pytest.approx(metrics.f1_score(y, z, average="macro"))
    assert s.balanced_accuracy == pytest.approx(metrics.balanced_accuracy_score(y, z))
    assert s.mcc == pytest.approx(metrics.matthews_corrcoef(y, z))
    precision, recall, f1, n = metrics.precision_recall_fscore_support(y, z)
    for i, c in enumerate(s.per_class):
        assert (c.precision, c.recall, c.f1, c.n) == (
            pytest.approx(precision[i]),
            pytest.approx(recall[i]),
            pytest.approx(f1[i]),
            n[i],
        )
        assert c.auroc == pytest.approx(metrics.roc_auc_score(y == i, outcome.probabilities[:, i]))
        for value, interval in (
            (c.precision, c.precision_ci95),
            (c.recall, c.recall_ci95),
            (c.f1, c.f1_ci95),
            (c.auroc, c.auroc_ci95),
        ):
            assert interval is not None
            assert interval[0] <= value <= interval[1]
    assert s.calibration is not None
    assert s.calibration.nll == pytest.approx(metrics.log_loss(y, outcome.probabilities), rel=1e-5)


@pytest.mark.parametrize("n", [150, 1000])
@pytest.mark.parametrize("name", ["macro_f1", "balanced_accuracy", "mcc"])
def test_averages_cover(n: int, name: str) -> None:
    p = np.array([[0.30, 0.03, 0.02], [0.04, 0.20, 0.06], [0.03, 0.05, 0.27]])
    truth = float(getattr(scores, name)(p * 1e6))
    draws = np.random.default_rng(3).multinomial(n, p.ravel(), 400).reshape(-1, 3, 3)
    spans = [scores.averages(d, seed=i)[name][1] for i, d in enumerate(draws)]
    assert 0.92 <= np.mean([low <= truth <= high for low, high in spans]) <= 0.98


@pytest.mark.parametrize(("m", "n", "shift"), [(20, 100, 1.0), (60, 60, 2.0), (15, 200, 0.3)])
def test_auroc_interval_covers(m: int, n: int, shift: float) -> None:
    from statistics import NormalDist

    truth = NormalDist().cdf(shift / 2**0.5)
    rng = np.random.default_rng(4)
    hits = 0
    for _ in range(600):
        score = np.concatenate([rng.normal(shift, 1, m), rng.normal(0, 1, n)])
        low, high = auroc(score, np.arange(m + n) < m).ci95 or (0, 0)
        hits += low <= truth <= high
    assert 0.925 <= hits / 600 <= 0.985


def test_auroc_edges() -> None:
    assert auroc(np.array([0.1, 0.2]), np.array([True, True])).value is None
    area, interval, _ = auroc(np.arange(100) / 100, np.arange(100) >= 73)
    assert area == 1.0
    assert interval == pytest.approx(measures.wilson(27, 27))
    assert auroc(np.full(10, 0.5), np.arange(10) < 4).value == 0.5


def test_auroc_of_a_million_is_the_exact_one() -> None:
    rng = np.random.default_rng(5)
    positive = rng.random(SORT_UP_TO * 2) < 0.1
    score = 1 / (1 + np.exp(-(rng.normal(size=len(positive)) * 3 + 3 * positive - 4)))
    assert auroc(score, positive).value == pytest.approx(metrics.roc_auc_score(positive, score), abs=2e-5)


def test_perfect_predictions_do_not_claim_certainty() -> None:
    s = measures.test_scores(builders.from_confusion([[30, 0], [0, 30]]))
    assert s is not None
    assert s.macro_f1 == 1.0
    assert s.macro_f1_ci95 is not None
    assert s.macro_f1_ci95[0] == pytest.approx(measures.wilson(60, 60)[0])


def test_class_without_samples_is_unknown_not_zero() -> None:
    s = measures.test_scores(builders.from_confusion([[5, 0, 0], [1, 4, 0], [0, 0, 0]]))
    assert s is not None
    empty = s.per_class[2]
    assert (empty.n, empty.recall, empty.precision, empty.f1, empty.auroc) == (0, None, None, None, None)
    assert s.balanced_accuracy == pytest.approx((1 + 0.8) / 2)


def test_only_an_accuracy() -> None:
    s = measures.test_scores(builders.run(test=Evaluation(accuracy=0.69)))
    assert s is not None
    assert (s.n, s.accuracy, s.accuracy_ci95, s.macro_f1, s.per_class, s.calibration) == (None, 0.69, None, None, [], None)
    assert measures.test_scores(builders.run()) is None


def test_a_hundred_classes_stay_fast() -> None:
    rng = np.random.default_rng(6)
    confusion = rng.multinomial(20_000, rng.dirichlet(np.ones(10_000))).reshape(100, 100)
    start = time.process_time()
    scores.averages(confusion)
    assert time.process_time() - start < 20  # a guard against quadratic growth, not a benchmark


def test_macro_auroc_covers() -> None:
    truth = np.mean([a.value for a in scores.class_aurocs(builders.predictions(np.random.default_rng(0), 100_000, skill=1.0))])
    hits = 0
    for seed in range(300):
        areas = scores.class_aurocs(builders.predictions(np.random.default_rng(seed + 1), 200, skill=1.0))
        low, high = macro(areas).ci95 or (0, 0)
        hits += low <= truth <= high
    assert 0.92 <= hits / 300 <= 0.98
