"""The best epoch, its equals, the gap, and the trend."""

import math
from dataclasses import replace

import numpy as np
import pytest

from dermai_report import measures, read_run
from dermai_report.measures.epochs import UNPAIRED
from dermai_report.measures.trend import lag_one_correlation, mann_kendall, noise_scale, theil_sen
from dermai_report.run import Predictions, SampleEpochs
from tests import builders


def test_published_run() -> None:
    run = read_run(builders.PUBLISHED)
    best, last, gap = measures.best_epoch(run), measures.last_epoch(run), measures.gap(run)
    assert best is not None
    assert (best.epoch, best.by, best.val_loss, best.val_accuracy) == (9, "val_loss", 0.7892, 0.7468)
    assert best.by_val_accuracy is not None
    assert best.by_val_accuracy.epoch == 9
    assert best.indistinguishable_basis is None
    assert best.checkpoint == "dermai_model.pth"
    assert last is not None
    assert (last.epoch, last.val_loss, last.val_accuracy) == (10, 1.1481, 0.68)
    assert gap is not None
    assert (gap.loss_onset_epoch, gap.accuracy_onset_epoch, gap.onset_epoch) == (3, 7, 3)
    assert gap.at_best == pytest.approx(0.0466)
    assert gap.at_last == pytest.approx(0.1443)
    loss_gap, accuracy_gap = np.array(gap.loss), np.array(gap.accuracy)
    assert mann_kendall(loss_gap[2:9]) == pytest.approx(0.13, abs=0.01)
    assert mann_kendall(accuracy_gap[2:9]) == pytest.approx(0.29, abs=0.01)


def test_ties_take_the_first_and_nan_never_wins() -> None:
    run = builders.run(epochs=builders.epochs([1, 1, 1, 1], [math.nan, 0.5, 0.5, math.inf]))
    best = measures.best_epoch(run)
    assert best is not None
    assert best.epoch == 2


def test_accuracy_decides_without_losses() -> None:
    run = builders.run(epochs=builders.epochs([], [], [0.1, 0.2, 0.3], [0.5, 0.7, 0.6]))
    best = measures.best_epoch(run)
    assert best is not None
    assert (best.epoch, best.by, best.val_loss) == (2, "val_accuracy", None)


def test_nothing_logged() -> None:
    run = builders.run(epochs=())
    assert measures.best_epoch(run) is None
    assert measures.last_epoch(run) is None
    assert measures.gap(run) is None
    assert measures.overfitting(run).verdict == "unknown"


def test_equals_by_paired_losses() -> None:
    samples = builders.sample_epochs(np.random.default_rng(0), [0.2, 1.0, 2.0, 2.0, 2.0])
    curve = samples.loss.mean(axis=1)
    run = builders.run(epochs=builders.epochs(curve, curve), val_epochs=samples)
    best = measures.best_epoch(run)
    assert best is not None
    assert best.epoch in (3, 4, 5)
    assert not {1, 2} & set(best.indistinguishable)
    assert best.one_standard_error == min([best.epoch, *best.indistinguishable])
    assert "paired" in (best.indistinguishable_basis or "")


def test_equal_epochs_are_rarely_told_apart() -> None:
    wrong = 0
    for seed in range(100):
        samples = builders.sample_epochs(np.random.default_rng(seed), [1.5, 1.5], n=300)
        curve = samples.loss.mean(axis=1)
        best = measures.best_epoch(builders.run(epochs=builders.epochs(curve, curve), val_epochs=samples))
        assert best is not None
        wrong += not best.indistinguishable
    assert wrong <= 11  # nominal 5 of 100


def test_noise_scale_finds_the_noise() -> None:
    rng = np.random.default_rng(1)
    found = [noise_scale(np.linspace(1, 0, 60) ** 2 + rng.normal(0, 0.05, 60)) for _ in range(200)]
    assert np.median(found) == pytest.approx(0.05, rel=0.08)
    assert math.isnan(noise_scale(np.ones(4)))


@pytest.mark.parametrize("rho", [0.0, 0.3, 0.6])
def test_mann_kendall_false_alarms(rho: float) -> None:
    rng = np.random.default_rng(2)
    alarms = 0
    for _ in range(500):
        x = rng.normal(size=40)
        for i in range(1, 40):
            x[i] = rho * x[i - 1] + math.sqrt(1 - rho**2) * x[i]
        alarms += mann_kendall(x) < 0.05
    assert alarms / 500 <= 0.10


def test_trend_edges() -> None:
    assert mann_kendall(np.ones(10)) == 1.0
    assert mann_kendall(np.arange(3)) == 1.0
    assert mann_kendall(np.arange(20.0)) < 0.001
    assert theil_sen(np.array([0.0, 1, 2, 30, 4])) == pytest.approx(1.0)
    assert lag_one_correlation(np.ones(5)) == 0.0


def test_gap_prefers_the_evaluation_mode_pass() -> None:
    logs = builders.epochs([0.9] * 8, [1.0] * 8)
    from dataclasses import replace

    logs = tuple(replace(e, train={**e.train, "eval_loss": 0.5}) for e in logs)
    gap = measures.gap(builders.run(epochs=logs))
    assert gap is not None
    assert gap.loss[0] == pytest.approx(0.5)
    assert gap.basis == "an evaluation-mode pass over training data"


def test_accuracies_alone_need_a_real_difference() -> None:
    """0.700 against 0.683 of 1,000 samples is 1.2 standard errors: not told apart."""
    logs = builders.epochs([1.0] * 3, [0.5, 0.6, 0.9], [0.7] * 3, [0.700, 0.683, 0.55])
    best = measures.best_epoch(builders.run(epochs=logs, data=builders.Data(counts={"val": {"a": 1000}})))
    assert best is not None
    assert best.indistinguishable == [2]
    assert best.one_standard_error == 1


def test_smooth_curves_do_not_alternate() -> None:
    rng = np.random.default_rng(3)
    assert not measures.alternates(np.exp(-0.3 * np.arange(8)))
    assert np.mean([measures.alternates(rng.normal(size=12)) for _ in range(200)]) > 0.9


def test_evidence_is_no_one_minus_p() -> None:
    assert measures.evidence(0.05) == pytest.approx(0.5, abs=0.005)
    assert measures.evidence(0.01) == pytest.approx(0.82, abs=0.005)
    assert measures.evidence(0.5) == 0.5
    assert measures.evidence(1e-12) == 0.98


def test_losses_that_are_no_numbers_tell_no_epochs_apart() -> None:
    samples = builders.sample_epochs(np.random.default_rng(0), [1.0, 2.0, 1.5], n=100)
    accuracy = (samples.predicted == samples.label).mean(axis=1)
    broken = replace(samples, loss=np.full_like(samples.loss, np.nan))
    best = measures.best_epoch(builders.run(epochs=builders.epochs([], [], [], accuracy), val_epochs=broken))
    assert best is not None
    assert (best.epoch, best.indistinguishable_basis, best.val_loss_ci95) == (2, UNPAIRED, None)


def test_a_last_epoch_without_a_loss_is_worse() -> None:
    assert measures.chance_still_worse(np.array([1.0, 0.8, 0.7, 0.6, math.nan])) == 0.95
    rng = np.random.default_rng(0)
    pure_noise = [measures.chance_still_worse(1 + 0.05 * rng.normal(size=20)) for _ in range(200)]
    assert 0.3 < np.mean(pure_noise) < 0.7
    assert np.mean(np.array(pure_noise) >= 0.95) < 0.15


def test_a_loss_that_rests_on_fewer_than_five_errors_has_no_interval() -> None:
    """Four errors among a hundred samples tell too little of the mean loss; the fifth gives it an interval."""
    loss = np.full((1, 100), 0.01, np.float32)
    loss[0, :5] = 4.0
    spans = {}
    for errors in (4, 5):
        predicted = np.zeros((1, 100), int)
        predicted[0, :errors] = 1
        samples = SampleEpochs(epochs=(1,), loss=loss, predicted=predicted, label=np.zeros(100, int))
        best = measures.best_epoch(builders.run(epochs=builders.epochs([0.2], [0.2]), val_epochs=samples))
        assert best is not None
        spans[errors] = best.val_loss_ci95
    assert spans[4] is None
    assert spans[5] is not None


def test_epochs_are_told_apart_by_patients_where_these_are_known() -> None:
    """Ten pictures a patient that agree with each other count as one: what 400 samples tell apart, 40 patients need not."""
    rng = np.random.default_rng(4)
    of = np.repeat(np.arange(40), 10)
    first = rng.exponential(1, 400)
    moved = rng.normal(0, 0.8, 40)
    loss = np.array([first, first + (0.15 + moved - moved.mean())[of]])
    label = np.arange(400) % 4
    samples = SampleEpochs(epochs=(1, 2), loss=loss, predicted=np.array([label, label]), label=label)
    found = []
    for group in (None, [str(g) for g in of]):
        val = Predictions(sample=[str(i) for i in range(400)], label=label, predicted=label, group=group)
        logs = builders.epochs(loss.mean(axis=1), loss.mean(axis=1))
        best = measures.best_epoch(builders.run(epochs=logs, val_epochs=samples, predictions={"val": val}))
        assert best is not None
        found.append(best.indistinguishable)
    assert found == [[], [2]]
