"""Every 95 % interval that a report prints, against the truth; benchmarks/coverage.py has the full grid."""

import numpy as np
import pytest

from dermai_report import measures
from dermai_report.measures.epochs import best_of
from tests import builders, worlds
from tests import worlds_of_several as several
from tests.worlds import World

DRAWS = 80  # nominal 95 %: fewer than 68 of 80 (.85) happen once in 1,500 times


@pytest.mark.parametrize(
    "world",
    [World(150, 4, skill=1.2, shift=2.0), World(200, 10), World(500, 7, rarest=0.05), World(400, 4, skill=1.5, per_group=5)],
    ids=lambda world: world.name,
)
def test_intervals_cover(world: World) -> None:
    found = worlds.covered(world, worlds.truth(world), DRAWS)
    assert len(found) == 31
    short = {name: share for name, (share, _) in found.items() if share < 0.85}
    assert not short
    assert np.mean([share for share, _ in found.values()]) >= 0.94


def test_an_interval_that_says_nothing_would_not_pass_for_one() -> None:
    """With more samples the intervals shrink as the square root says, and those of a thousand are narrow."""
    few, many = (worlds.covered(World(n, 4), worlds.truth(World(n, 4)), 5) for n in (250, 1000))
    for name, (_, width) in many.items():
        assert width < 0.75 * few[name][1], name
        assert width < 0.25, name


@pytest.mark.parametrize(
    ("draw", "names"),
    [
        (several.compared(World(200, 4, shift=1.5), 0.3, True), 11),
        (several.compared(World(300, 3, rarest=0.2), 0.0, False), 7),
        (several.chosen(200, 0.02), 3),
        (several.chosen(200, 0.0), 3),
        (several.tried(4, 100), 1),
        (several.folded(5, 100), 1),
    ],
    ids=["the same samples", "separate samples", "best of ten epochs", "ten equal epochs", "over seeds", "over folds"],
)
def test_intervals_of_several_models_cover(draw: several.Draw, names: int) -> None:
    found = several.shares(draw, DRAWS)
    assert len(found) == names
    short = {name: share for name, (share, _) in found.items() if share < 0.85}
    assert not short
    assert np.mean([share for share, _ in found.values()]) >= 0.93


@pytest.mark.parametrize("step", [0.0, 0.02])
def test_the_best_epoch_is_among_those_named(step: float) -> None:
    """Ten epochs whose skill hardly differs: the one with the most is named 95 times in 100."""
    rng, held = np.random.default_rng(2), 0
    skills = 1 - step * np.abs(np.arange(10) - 6)
    for _ in range(150):
        samples = builders.sample_epochs(rng, skills.tolist(), n=200)
        losses = samples.loss.mean(axis=1)
        best = measures.best_epoch(builders.run(epochs=builders.epochs(losses, losses), val_epochs=samples))
        assert best is not None
        held += 7 in (best.epoch, *best.indistinguishable)
    assert held / 150 >= 0.91


def test_more_epochs_need_more_distance() -> None:
    assert best_of(1) == best_of(2) == pytest.approx(1.96, abs=0.01)
    assert best_of(10) == pytest.approx(2.53, abs=0.01)
    assert best_of(100) > best_of(10)
