"""Intervals that rest on more than one model: two runs compared, an epoch chosen among ten, trainings over seeds and folds.

Each function draws once and yields the name of every interval, the interval, and the truth it should hold; `shares` counts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from statistics import NormalDist

import numpy as np

from dermai_report import measures, summary
from dermai_report.comparison.differences import classes, differences
from dermai_report.comparison.matching import match
from dermai_report.measures.replicates import over_folds, over_seeds
from dermai_report.report import Interval
from dermai_report.run import Data, Predictions, Run
from tests import builders, worlds
from tests.worlds import World

Shown = Iterable[tuple[str, Interval | None, float]]
Draw = Callable[[np.random.Generator], Shown]
APART = 0.7  # standard deviations of each class from the middle: three of four are right


def shares(draw: Draw, draws: int, seed: int = 1) -> dict[str, tuple[float, float]]:
    """For each interval the share of draws in which it holds the truth, and its mean width; not drawn: not counted."""
    rng = np.random.default_rng(seed)
    held: dict[str, list[tuple[bool, float]]] = {}
    for _ in range(draws):
        for name, ci, true in draw(rng):
            if ci is not None:
                held.setdefault(name, []).append((ci[0] <= true <= ci[1], ci[1] - ci[0]))
    return {name: (float(np.mean([h for h, _ in rows])), float(np.mean([w for _, w in rows]))) for name, rows in held.items()}


def _outcomes(world: World, gain: float, same: bool, rng: np.random.Generator, n: int) -> list[Predictions]:
    """Of two models, the second more skilled by `gain`, on the same samples (half of what each sees of one is shared) or on others."""
    found, prior = [], worlds.prior(world)
    for which, skill in enumerate((world.skill, world.skill + gain)):
        if not (which and same):
            label, common = rng.choice(world.k, n, p=prior).astype(np.int32), rng.normal(size=(n, world.k))
        logits = (common + rng.normal(size=(n, world.k))) / np.sqrt(2)
        logits[np.arange(n), label] += skill
        shown = np.exp(world.shift * world.skill * logits + np.log(prior))
        shown /= shown.sum(axis=1, keepdims=True)
        found.append(
            Predictions(
                sample=[f"{0 if same else which}-{i}" for i in range(n)],
                label=label,
                predicted=shown.argmax(axis=1).astype(np.int32),
                probabilities=shown.astype(np.float32),
            )
        )
    return found


def _pair(world: World, gain: float, same: bool, rng: np.random.Generator, n: int = 0) -> list[Run]:
    """Two runs with the outcomes of two models on validation and test."""
    vals, tests = (_outcomes(world, gain, same, rng, n or world.n) for _ in range(2))
    runs = []
    for val, test in zip(vals, tests, strict=True):
        losses = measures.sample_losses(val)
        assert losses is not None
        loss, right = float(losses.mean()), float((val.label == val.predicted).mean())
        runs.append(
            builders.run(
                epochs=builders.epochs([loss], [loss], [right], [right]),
                classes=tuple(f"class{i}" for i in range(world.k)),
                predictions={"val": val, "test": test},
                test=builders.evaluation(test, world.k, epoch=1),
            )
        )
    return runs


def _rows(pair: list[Run]) -> Iterable[tuple[str, Interval | None, float]]:
    first, second = pair
    matches = {split: match(first, second, split) for split in ("test", "val")}
    recalls = classes(first, second, matches["test"])
    for row in [*differences(first, second, matches, True), *recalls[:1], *recalls[-1:]]:
        if row.difference is not None and row.label != "Best epoch":  # here of one epoch
            yield row.label, row.ci95, row.difference


def compared(world: World, gain: float, same: bool) -> Draw:
    """The differences between two runs."""
    true = {name: value for name, _, value in _rows(_pair(world, gain, same, np.random.default_rng(97), worlds.MANY))}
    return lambda rng: ((name, ci, true[name]) for name, ci, _ in _rows(_pair(world, gain, same, rng)) if name in true)


@lru_cache(maxsize=1)
def by_skill() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Skills, and the true loss and accuracy of an epoch of `builders.sample_epochs` with each."""
    skills = np.linspace(0, 4, 41)
    many = builders.sample_epochs(np.random.default_rng(0), skills.tolist(), n=40_000)
    return skills, many.loss.mean(axis=1), (many.predicted == many.label).mean(axis=1)


def chosen(n: int, step: float) -> Draw:
    """The best of ten epochs on n validation samples, tested on as many; step: skill between neighbouring epochs."""
    skills = 1.5 - step * np.abs(np.arange(10) - 6)
    grid, losses, accuracies = by_skill()

    def draw(rng: np.random.Generator) -> Shown:
        samples = builders.sample_epochs(rng, skills.tolist(), n=n)
        loss, right = samples.loss.mean(axis=1), (samples.predicted == samples.label).mean(axis=1)
        best = int(loss.argmin())
        test = builders.sample_epochs(rng, [skills[best]], n=n)
        outcome = Predictions(sample=[str(i) for i in range(n)], label=test.label, predicted=test.predicted[0])
        run = builders.run(
            epochs=builders.epochs(loss, loss, right, right), val_epochs=samples, data=Data(counts={"val": {"a": n}}),
            predictions={"test": outcome}, test=builders.evaluation(outcome, 4, epoch=best + 1),
        )  # fmt: skip
        shown = {number.label: number.ci95 for number in summary.key_numbers(run)}
        for name, curve in (("Validation loss, best epoch", losses), ("Validation accuracy, best epoch", accuracies)):
            yield name, shown[name], float(np.interp(skills[best], grid, curve))
        yield "drop without the choice", measures.generalization(run).corrected_ci95, 0.0

    return draw


def tried(seeds: int, n: int) -> Draw:
    """A recommendation tried with some seeds on n samples: seeds, samples and both together vary."""

    def draw(rng: np.random.Generator) -> Shown:
        cells = rng.normal(0, 0.1, (seeds, 1)) + rng.normal(0, 1, (1, n)) + rng.normal(0, 1, (seeds, n))
        yield "effect over seeds", over_seeds(cells).ci95, 0.0

    return draw


def folded(folds: int, n: int) -> Draw:
    """A nearest-mean classifier of two classes, cross-validated on n samples: its mean score, against that expected of its training size.

    With m training samples the cut between the classes is off by a standard error of 1 / sqrt(m).
    """
    true = NormalDist().cdf(APART / (1 + 1 / (n - n / folds)) ** 0.5)

    def draw(rng: np.random.Generator) -> Shown:
        label = np.repeat([0, 1], n // 2)
        value, scores = rng.normal(APART * (2 * label - 1), 1), []
        for part in np.array_split(rng.permutation(n), folds):
            train = np.setdiff1d(np.arange(n), part)
            cut = (value[train][label[train] == 0].mean() + value[train][label[train] == 1].mean()) / 2
            scores.append(float(((value[part] > cut) == label[part]).mean()))
        yield "mean over folds", over_folds(scores, 1 / folds).ci95, true

    return draw
