"""The temperature of the least NLL, and what probabilities say of losses that were not seen."""

import numpy as np
import pytest

from dermai_report.measures.temperature import TAIL_SEEN, cooled_losses, expected_spreads, temperature
from dermai_report.run import Predictions
from tests import worlds
from tests.worlds import World


@pytest.mark.parametrize("shift", [0.2, 0.5, 1.0, 3.0, 8.0])
@pytest.mark.parametrize("skill", [0.5, 2.0])
def test_no_other_temperature_has_a_lower_loss(shift: float, skill: float) -> None:
    outcome, _ = worlds.draw(World(200, 4, skill=skill, shift=shift), np.random.default_rng(3))
    found = temperature(outcome)
    assert found is not None
    least = cooled_losses(outcome, found).mean()
    assert all(cooled_losses(outcome, t).mean() >= least - 1e-7 for t in np.geomspace(1 / 19, 19, 60))
    assert all(cooled_losses(outcome, found * t).mean() > least for t in (0.98, 1.02))


def test_a_temperature_at_a_bound_is_none() -> None:
    """Probabilities that have nothing to do with the labels are best forgotten."""
    rng = np.random.default_rng(0)
    shown = np.exp(8 * rng.normal(size=(400, 3)))
    shown /= shown.sum(axis=1, keepdims=True)
    label = rng.integers(0, 3, 400)
    outcome = Predictions(
        sample=list("x" * 400), label=label, predicted=shown.argmax(1), probabilities=shown.astype(np.float32)
    )
    assert temperature(outcome) is None


def test_the_spreads_are_those_of_labels_drawn_from_the_probabilities() -> None:
    """Against ten thousand labels a sample; the model is calibrated, so that its own temperature is 1."""
    rng = np.random.default_rng(1)
    outcome, _ = worlds.draw(World(150, 3, shift=0.8), rng)
    assert 0 < (outcome.predicted != outcome.label).sum() < TAIL_SEEN
    p = outcome.probabilities
    assert p is not None
    found = expected_spreads(outcome, fitted=2.0)
    label = np.stack([rng.choice(3, 10_000, p=row / row.sum()) for row in p.astype(float)])
    true = np.take_along_axis(p.astype(float), label, axis=1)
    cooled = p.astype(float) ** 0.5
    cooled = np.take_along_axis(cooled / cooled.sum(axis=1, keepdims=True), label, axis=1)
    drawn = {"nll": -np.log(true), "brier": (p**2).sum(axis=1)[:, None] - 2 * true + 1, "gain": np.log(cooled / true)}
    for name, values in drawn.items():
        spread, moved = found[name], values - values.mean()
        assert spread is not None
        assert spread.variance == pytest.approx((moved**2).mean(), rel=0.02)
        assert spread.cube == pytest.approx((moved**3).mean(), rel=0.05, abs=1e-3)


def test_many_errors_show_their_own_tail() -> None:
    outcome, _ = worlds.draw(World(3000, 4, skill=1.0), np.random.default_rng(2))
    assert set(expected_spreads(outcome).values()) == {None}
