"""Calibration: a calibrated model passes, an overconfident one does not, and the temperature finds its way back."""

import numpy as np
import pytest

from dermai_report import measures
from dermai_report.measures.calibration import Reliability, ece_interval
from dermai_report.measures.temperature import temperature
from tests import builders


def run_with(shift: float, seed: int, n: int = 2000) -> builders.Run:
    rng = np.random.default_rng(seed)
    split = {s: builders.predictions(rng, n, skill=1.5, shift=shift) for s in ("val", "test")}
    return builders.run(test=builders.evaluation(split["test"], 4), predictions=split)


def test_calibrated_model_is_within_chance() -> None:
    beyond = 0
    for seed in range(60):
        c = measures.calibration(run_with(1.0, seed, 600))
        assert c is not None
        beyond += c.ece > c.ece_by_chance
    assert beyond / 60 <= 0.13  # nominal 5 %: P(more than 7 of 60) = 1 %


@pytest.mark.parametrize("shift", [0.5, 2.0, 3.0])
def test_temperature_undoes_the_shift(shift: float) -> None:
    c = measures.calibration(run_with(shift, 1))
    assert c is not None
    assert c.temperature == pytest.approx(shift, rel=0.12)
    assert c.ece > c.ece_by_chance
    assert (c.overconfidence > 0) == (shift > 1)
    assert c.nll_with_temperature < c.nll


@pytest.mark.parametrize(("gap", "n"), [(0.0, 80), (0.02, 300), (0.08, 40), (0.08, 300), (0.2, 100)])
def test_ece_interval_covers(gap: float, n: int) -> None:
    """Bins of known confidence and accuracy; the interval is for the error of these bins."""
    rng = np.random.default_rng(2)
    confidence = np.linspace(0.5, 0.98, 15)
    hits = 0
    for _ in range(300):
        bins = Reliability(np.repeat(confidence, n), (rng.random((15, n)) < (confidence - gap)[:, None]).ravel())
        low, high = ece_interval(bins)
        hits += low <= gap <= high
    assert hits / 300 >= 0.92


def test_without_probabilities() -> None:
    assert measures.calibration(builders.from_confusion([[3, 1], [1, 3]])) is None
    assert temperature(None) is None


def test_fewer_samples_than_bins() -> None:
    bins = Reliability(np.array([0.5, 0.9]), np.array([True, False]))
    assert bins.n.sum() == 2
    assert 0 <= bins.ece <= 1


def test_the_order_of_the_file_does_not_matter() -> None:
    """Equal confidences, errors first as in a folder listing: the error is that of the whole, not of where the bins were cut."""
    correct = np.arange(1000) >= 100
    assert Reliability(np.full(1000, 0.9), correct).ece == pytest.approx(0.0, abs=1e-12)
    rng = np.random.default_rng(0)
    confidence = rng.choice([0.5, 0.7, 0.9, 1.0], 800)
    right = rng.random(800) < confidence
    order = np.lexsort((right, confidence))
    assert Reliability(confidence[order], right[order]).ece == pytest.approx(Reliability(confidence, right).ece)


def test_no_temperature_from_a_handful_of_errors() -> None:
    sure = builders.predictions(np.random.default_rng(3), 200, skill=6.0)
    assert (sure.predicted != sure.label).sum() < 5
    assert temperature(sure) is None
