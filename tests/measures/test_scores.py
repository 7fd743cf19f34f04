"""Test scores against scikit-learn, and their intervals against the truth."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn import metrics

from dermai_report import measures
from dermai_report.measures import averages, scores
from dermai_report.measures.auroc import auroc
from dermai_report.measures.average_precision import average_precision
from dermai_report.measures.ranking import SORT_UP_TO, Area, rank
from dermai_report.run import Data, Evaluation
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
    assert s.kappa == pytest.approx(metrics.cohen_kappa_score(y, z))
    precision, recall, f1, n = metrics.precision_recall_fscore_support(y, z)
    for i, c in enumerate(s.per_class):
        assert (c.precision, c.recall, c.f1, c.n) == (
            pytest.approx(precision[i]),
            pytest.approx(recall[i]),
            pytest.approx(f1[i]),
            n[i],
        )
        assert c.auroc == pytest.approx(metrics.roc_auc_score(y == i, outcome.probabilities[:, i]))
        assert c.average_precision == pytest.approx(metrics.average_precision_score(y == i, outcome.probabilities[:, i]))
        for value, interval in (
            (c.precision, c.precision_ci95),
            (c.recall, c.recall_ci95),
            (c.f1, c.f1_ci95),
            (c.auroc, c.auroc_ci95),
            (c.average_precision, c.average_precision_ci95),
        ):
            assert interval is not None
            assert interval[0] <= value <= interval[1]
    assert s.calibration is not None
    assert s.calibration.nll == pytest.approx(metrics.log_loss(y, outcome.probabilities), rel=1e-5)


BALANCED = [[0.30, 0.03, 0.02], [0.04, 0.20, 0.06], [0.03, 0.05, 0.27]]
RARE = [[0.55, 0.05, 0.0], [0.05, 0.32, 0.0], [0.002, 0.002, 0.026]]  # of 200 samples six are of the last class


@pytest.mark.parametrize(("table", "n"), [(BALANCED, 150), (BALANCED, 1000), (RARE, 200), (RARE, 1000)])
def test_averages_cover(table: list, n: int) -> None:
    p = np.array(table)
    p /= p.sum()
    draws = np.random.default_rng(3).multinomial(n, p.ravel(), 200).reshape(-1, 3, 3)
    spans = [averages.averages(d, scores.per_class(d, ("a", "b", "c"))) for d in draws]
    for name in ("macro_f1", "balanced_accuracy", "mcc", "kappa"):
        truth = getattr(averages, name)(p).value
        hits = [low <= truth <= high for low, high in (s[name][1] for s in spans)]
        assert np.mean(hits) >= 0.905, name  # nominal .95; 200 draws have a standard error of .015


def test_rare_class_without_errors_is_not_certain() -> None:
    s = measures.test_scores(builders.from_confusion([[999, 1], [0, 2]]))
    assert s is not None
    assert s.balanced_accuracy_ci95 is not None
    assert s.balanced_accuracy_ci95[0] < 0.75


def test_one_class_has_no_correlation() -> None:
    s = measures.test_scores(builders.from_confusion([[10, 0], [0, 0]]))
    assert s is not None
    assert (s.mcc, s.mcc_ci95) == (None, None)


def test_groups_widen_every_interval() -> None:
    """Forty patients with ten copies of one image each are worth forty samples."""
    one = builders.predictions(np.random.default_rng(9), 40, skill=1.0)
    ten = replace(
        one, sample=[f"{i}-{j}" for i in range(40) for j in range(10)], group=[str(i) for i in range(40) for _ in range(10)],
        **{key: np.repeat(getattr(one, key), 10, axis=0) for key in ("label", "predicted", "probabilities")},
    )  # fmt: skip
    alone, grouped, naive = (
        measures.test_scores(builders.run(test=builders.evaluation(o, 4), predictions={"test": o}))
        for o in (one, ten, replace(ten, group=None))
    )
    assert alone and grouped and naive
    assert grouped.n_groups == 40
    for name in ("accuracy_ci95", "macro_f1_ci95", "balanced_accuracy_ci95", "loss_ci95"):
        few, many, wrong = (np.diff(getattr(s, name)) for s in (alone, grouped, naive))
        assert many == pytest.approx(few, rel=0.25), name
        assert wrong < 0.6 * many, name


@pytest.mark.parametrize(("m", "n", "shift"), [(20, 100, 1.0), (60, 60, 2.0), (15, 200, 0.3)])
def test_auroc_interval_covers(m: int, n: int, shift: float) -> None:
    from statistics import NormalDist

    truth = NormalDist().cdf(shift / 2**0.5)
    rng = np.random.default_rng(4)
    hits = 0
    for _ in range(600):
        score = np.concatenate([rng.normal(shift, 1, m), rng.normal(0, 1, n)])
        low, high = auroc(rank(score, np.arange(m + n) < m))[0].ci95 or (0, 0)
        hits += low <= truth <= high
    assert 0.925 <= hits / 600 <= 0.985


def test_auroc_edges() -> None:
    assert auroc(rank(np.array([0.1, 0.2]), np.array([True, True])))[0].value is None
    (area, interval), _ = auroc(rank(np.arange(100) / 100, np.arange(100) >= 73))
    assert area == 1.0
    assert interval == pytest.approx(measures.wilson(27, 27))
    assert auroc(rank(np.full(10, 0.5), np.arange(10) < 4))[0].value == 0.5


def test_auroc_of_a_million_is_the_exact_one() -> None:
    rng = np.random.default_rng(5)
    positive = rng.random(SORT_UP_TO * 2) < 0.1
    score = 1 / (1 + np.exp(-(rng.normal(size=len(positive)) * 3 + 3 * positive - 4)))
    ranked = rank(score, positive)
    assert auroc(ranked)[0].value == pytest.approx(metrics.roc_auc_score(positive, score), abs=2e-5)
    assert average_precision(ranked)[0].value == pytest.approx(metrics.average_precision_score(positive, score), abs=2e-4)


def test_perfect_predictions_do_not_claim_certainty() -> None:
    s = measures.test_scores(builders.from_confusion([[30, 0], [0, 30]]))
    assert s is not None
    assert s.macro_f1 == 1.0
    assert s.macro_f1_ci95 is not None
    assert 0.9 < s.macro_f1_ci95[0] < 0.97
    assert s.mcc_ci95 is not None
    assert s.mcc_ci95[0] < 0.97


def test_class_without_samples_is_unknown_not_zero() -> None:
    s = measures.test_scores(builders.from_confusion([[5, 0, 0], [1, 4, 0], [0, 0, 0]]))
    assert s is not None
    empty = s.per_class[2]
    assert (empty.n, empty.recall, empty.precision, empty.f1, empty.auroc) == (0, None, None, None, None)
    assert s.balanced_accuracy == pytest.approx((1 + 0.8) / 2)


def test_only_an_accuracy() -> None:
    s = measures.test_scores(builders.run(test=Evaluation(accuracy=0.69), data=Data()))
    assert s is not None
    assert (s.n, s.accuracy, s.accuracy_ci95, s.macro_f1, s.per_class, s.calibration) == (None, 0.69, None, None, [], None)
    assert measures.test_scores(builders.run()) is None


def areas_of(rng: np.random.Generator, n: int) -> Area:
    outcome = builders.predictions(rng, n, skill=1.0)
    return scores.class_areas(outcome.probabilities, outcome.label).mean_auroc


def test_macro_auroc_covers() -> None:
    truth = areas_of(np.random.default_rng(0), 100_000).value
    hits = 0
    for seed in range(300):
        low, high = areas_of(np.random.default_rng(seed + 1), 200).ci95 or (0, 0)
        hits += low <= truth <= high
    assert 0.92 <= hits / 300 <= 0.98


@pytest.mark.parametrize("name", ["macro_f1", "balanced_accuracy", "mcc", "kappa"])
def test_influences_are_derivatives(name: str) -> None:
    p = np.array(BALANCED) / np.sum(BALANCED)
    score = getattr(averages, name)
    slope = score(p).influence - (p * score(p).influence).sum()
    for cell in np.ndindex(p.shape):
        nudge = np.zeros_like(p)
        nudge[cell] = 1
        more = (1 - 1e-6) * p + 1e-6 * nudge
        assert (score(more).value - score(p).value) / 1e-6 == pytest.approx(slope[cell], abs=1e-4)


def test_average_precision_with_ties_and_edges() -> None:
    rng = np.random.default_rng(1)
    for _ in range(20):
        score, positive = rng.normal(size=60).round(1), rng.random(60) < 0.3
        (area, interval), influence = average_precision(rank(score, positive))
        assert area == pytest.approx(metrics.average_precision_score(positive, score))
        assert influence.sum() == pytest.approx(0, abs=1e-9)
        assert interval[0] <= area <= interval[1]
    assert average_precision(rank(np.array([0.1, 0.2]), np.array([True, True])))[0].value is None
