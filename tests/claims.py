"""Worlds in which a trouble is present or absent by construction: what the confidences of rules are held against.

A scenario draws a run and says of a finding whether it is right. About half of the runs have the trouble; the rest of each prior
(sizes, noise, how large the trouble is) is in the scenario. benchmarks/confidence.py prints the reliability of every rule.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from dermai_report import registry
from dermai_report.needs import missing
from dermai_report.report import Finding
from dermai_report.run import Data, Evaluation, Predictions, Run
from tests import builders, worlds
from tests.worlds_of_several import by_skill

Truth = Callable[[Finding], bool]
Scenario = Callable[[np.random.Generator], tuple[Run, Truth]]


class Claim(NamedTuple):
    """A finding that claims to be right with this confidence, and whether it is."""

    confidence: float
    right: bool


def claims(rule: str, draws: int, seed: int = 1) -> list[Claim]:
    """What the rule claims in so many runs of its scenario, findings on the basis "calibrated" alone."""
    module, scenario, rng = registry.load("rules", rule, "rule"), SCENARIOS[rule], np.random.default_rng(seed)
    found = []
    for _ in range(draws):
        run, truth = scenario(rng)
        if missing(run, module.NEEDS):
            continue
        found += [Claim(f.confidence, truth(f)) for f in module.check(run) if f.basis == "calibrated"]
    return found


def _between(rng: np.random.Generator, low: float, high: float) -> float:
    """Between two positive numbers, evenly on the logarithm."""
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def _size(rng: np.random.Generator, low: int = 100, high: int = 3000) -> int:
    return round(_between(rng, low, high))


def _tested(label: np.ndarray, predicted: np.ndarray, k: int, **facts: object) -> Run:
    outcome = Predictions(
        sample=[str(i) for i in range(len(label))],
        label=label.astype(np.int32),
        predicted=predicted.astype(np.int32),
        columns=facts.pop("columns", {}),
    )
    return builders.run(
        classes=tuple(f"c{i}" for i in range(k)),
        test=builders.evaluation(outcome, k),
        predictions={"test": outcome},
        **facts,
    )


def _labels(rng: np.random.Generator, n: int, k: int) -> np.ndarray:
    share = np.geomspace(1, _between(rng, 0.1, 1), k)
    return rng.choice(k, n, p=share / share.sum())


def weak_classes(rng: np.random.Generator) -> tuple[Run, Truth]:
    """All classes have one recall, or one class has 5 to 40 points less."""
    k = int(rng.integers(2, 11))
    label, recall, weak = _labels(rng, _size(rng), k), np.full(k, rng.uniform(0.6, 0.95)), None
    if rng.random() < 0.5:
        weak = int(rng.integers(k))
        recall[weak] -= rng.uniform(0.05, 0.4)
    other = (label + rng.integers(1, k, len(label))) % k
    run = _tested(label, np.where(rng.random(len(label)) < recall[label], label, other), k)
    return run, lambda f: f.evidence["classes"] == [f"c{weak}"]


def _confused(rng: np.random.Generator, both_ways: bool) -> tuple[Run, Callable[[str, str], bool]]:
    """A run, and whether the errors of a class go to another more often than those of the rest: they go evenly, or one pair
    takes 20 to 80 % more of them.
    """
    k = int(rng.integers(3, 9))
    label, errors = _labels(rng, _size(rng, 200), k), (1 - np.eye(k)) / (k - 1)
    if rng.random() < 0.5:
        a, b = rng.choice(k, 2, replace=False)
        for one, other in ((a, b), (b, a))[: 2 if both_ways else 1]:
            extra = rng.uniform(0.2, 0.8)
            errors[one] *= 1 - extra
            errors[one, other] += extra
    recall = rng.uniform(0.5, 0.95, k)
    went = (errors.cumsum(axis=1)[label] < rng.random(len(label))[:, None]).sum(axis=1).clip(max=k - 1)
    run = _tested(label, np.where(rng.random(len(label)) < recall[label], label, went), k)
    wrong = np.bincount(label, minlength=k) * (1 - recall)

    def more(true: str, called: str) -> bool:
        t, c = int(true[1:]), int(called[1:])
        others = [i for i in range(k) if i not in (t, c)]
        return bool(errors[t, c] > wrong[others] @ errors[others, c] / wrong[others].sum() + 1e-9)

    return run, more


def confused_pairs(rng: np.random.Generator) -> tuple[Run, Truth]:
    """Errors go anywhere, or those of one class mostly to one other."""
    run, more = _confused(rng, both_ways=bool(rng.random() < 0.5))
    return run, lambda f: all(more(t, c) for t, c, *_ in f.evidence["pairs"])


def overlapping_classes(rng: np.random.Generator) -> tuple[Run, Truth]:
    """Errors go anywhere, or one way, or two classes take each other's."""
    run, more = _confused(rng, both_ways=bool(rng.random() < 0.7))
    return run, lambda f: all(more(a, b) and more(b, a) for a, b in f.evidence["pairs"])


def weak_subgroups(rng: np.random.Generator) -> tuple[Run, Truth]:
    """Of two to eight subgroups none, or one, is recognised worse, by 5 to 40 points."""
    n, groups, accuracy, weak = _size(rng), int(rng.integers(2, 9)), rng.uniform(0.6, 0.95), None
    of, right = rng.integers(0, groups, n), np.full(groups, accuracy)
    if rng.random() < 0.5:
        weak = int(rng.integers(groups))
        right[weak] -= rng.uniform(0.05, 0.4)
    label = rng.integers(0, 2, n)
    hit = rng.random(n) < right[of]
    run = _tested(label, np.where(hit, label, 1 - label), 2, columns={"site": [f"s{g}" for g in of]})
    return run, lambda f: f.evidence["subgroups"] == [f"site s{weak}"]


def label_shift(rng: np.random.Generator) -> tuple[Run, Truth]:
    """Validation and test have one mix of classes, or the rarest class is 1.1 to 3 times as frequent in test."""
    k, shifted = int(rng.integers(2, 9)), bool(rng.random() < 0.5)
    share = np.geomspace(1, _between(rng, 0.1, 1), k)
    tilted = share * np.geomspace(1, _between(rng, 1.1, 3), k) if shifted else share
    split = {}
    for name, mix in (("val", share), ("test", tilted)):
        label = rng.choice(k, _size(rng), p=mix / mix.sum()).astype(np.int32)
        predicted = np.where(rng.random(len(label)) < 0.8, label, (label + 1) % k).astype(np.int32)
        split[name] = Predictions(sample=[str(i) for i in range(len(label))], label=label, predicted=predicted)
    run = builders.run(
        classes=tuple(f"c{i}" for i in range(k)), predictions=split, test=builders.evaluation(split["test"], k, epoch=10)
    )
    return run, lambda f: shifted


def miscalibration(rng: np.random.Generator) -> tuple[Run, Truth]:
    """The probabilities are right, or too sure (or too unsure) by a temperature of .4 to 3."""
    shift = _between(rng, 0.4, 3) if rng.random() < 0.5 else 1.0
    world = worlds.World(_size(rng), int(rng.integers(2, 9)), _between(rng, 0.1, 1), rng.uniform(1, 2.5), shift)
    return worlds.run_of(world, rng), lambda f: shift != 1


def _noise(rng: np.random.Generator, n: int, sd: float) -> np.ndarray:
    """AR(1) noise (n,), its correlation 0 to .6 as in logs."""
    rho, white = rng.uniform(0, 0.6), rng.normal(size=n)
    noise = np.empty(n)
    noise[0] = white[0]
    for t in range(1, n):
        noise[t] = rho * noise[t - 1] + np.sqrt(1 - rho**2) * white[t]
    return sd * noise


def _curve(val: np.ndarray, train: np.ndarray | None = None, **facts: object) -> Run:
    train = 0.9 * val if train is None else train
    return builders.run(epochs=builders.epochs(train.tolist(), val.tolist(), lr=[1e-3] * len(val)), **facts)


def _falling(rng: np.random.Generator, n: int, flat: bool, ahead: int = 0) -> np.ndarray:
    """A curve (n + ahead,) that falls to a floor: before the middle of the n epochs, or still falling at their end."""
    t, floor = np.arange(n + ahead), _between(rng, 0.03, 1)
    if flat:
        return np.asarray(floor + np.maximum(1 - t / (rng.uniform(0.1, 0.5) * n), 0) ** 2)
    return np.asarray(floor + np.exp(-t / (_between(rng, 0.1, 1.5) * n)))


def still_improving(rng: np.random.Generator) -> tuple[Run, Truth]:
    """Right where as many epochs more would lower the loss by another percent."""
    n = int(rng.integers(8, 101))
    curve = _falling(rng, n, flat=bool(rng.random() < 0.5), ahead=n)
    run = _curve(curve[:n] * np.exp(_noise(rng, n, _between(rng, 0.002, 0.05))))
    return run, lambda f: bool(curve[-1] < 0.99 * curve[n - 1])


def plateau_without_decay(rng: np.random.Generator) -> tuple[Run, Truth]:
    """Right where the curve without its noise falls by less than 5 % over the second half."""
    n = int(rng.integers(16, 101))
    curve = _falling(rng, n, flat=bool(rng.random() < 0.5))
    run = _curve(curve * np.exp(_noise(rng, n, _between(rng, 0.002, 0.05))))
    return run, lambda f: bool(curve[-1] > 0.95 * curve[n // 2])


def _noisy(rng: np.random.Generator, least: float) -> tuple[np.ndarray, bool]:
    """A curve with noise of a third to three times `least`, white as that of single epochs; is it above `least`?"""
    n, sd = int(rng.integers(6, 101)), _between(rng, least / 3, least * 3)
    return _falling(rng, n, flat=bool(rng.random() < 0.5)) * np.exp(sd * rng.normal(size=n)), sd > least


def unstable_validation(rng: np.random.Generator) -> tuple[Run, Truth]:
    """Right where the noise is above 5 %."""
    curve, above = _noisy(rng, 0.05)
    return _curve(curve), lambda f: above


def learning_rate_too_high(rng: np.random.Generator) -> tuple[Run, Truth]:
    """Right where the noise is above 10 %."""
    curve, above = _noisy(rng, 0.10)
    return _curve(curve, curve), lambda f: above


def train_val_gap(rng: np.random.Generator) -> tuple[Run, Truth]:
    """No gap at all, or one that opens at some epoch, up to 30 % of the loss; right where there is one when it is said to begin."""
    n, sd = int(rng.integers(6, 101)), _between(rng, 0.005, 0.1)
    curve, gap = _falling(rng, n, flat=True), np.zeros(n)
    if rng.random() < 0.5:
        gap = np.linspace(0, 1, n).clip(rng.uniform(0, 0.9)) * _between(rng, 0.02, 0.3)
        gap -= gap.min()
    val, train = (curve * np.exp(side + _noise(rng, n, sd)) for side in (gap, np.zeros(n)))
    run = _curve(val, train)
    return run, lambda f: bool(gap[f.evidence["loss_onset_epoch"] - 1 :].mean() > 0)


def schedule_never_acted(rng: np.random.Generator) -> tuple[Run, Truth]:
    """Right where torch's ReduceLROnPlateau, at its default threshold of 1e-4 of the best loss, would not have acted."""
    n, patience = int(rng.integers(6, 61)), int(rng.integers(1, 11))
    losses = _falling(rng, n, flat=bool(rng.random() < 0.5)) * np.exp(_noise(rng, n, _between(rng, 0.0005, 0.05)))
    best, waited, acted = np.inf, 0, False
    for loss in losses:
        waited = 0 if loss < best * (1 - 1e-4) else waited + 1
        best = min(best, loss) if waited == 0 else best
        acted |= waited > patience
    run = builders.run(
        epochs=builders.epochs(losses, losses), config=builders.CONFIG | {"schedule": "plateau", "plateau_patience": patience}
    )
    return run, lambda f: not acted


def never_predicted(rng: np.random.Generator) -> tuple[Run, Truth]:
    """Each class's recall is anything from 0 to 1; right where every class named is missed more often than not."""
    k = int(rng.integers(2, 9))
    label, recall = _labels(rng, _size(rng, 20, 300), k), rng.uniform(size=k) ** rng.choice([1, 3])
    predicted = np.where(rng.random(len(label)) < recall[label], label, 0)
    return _tested(label, predicted, k), lambda f: all(recall[int(c[1:])] < 0.5 for c in f.evidence["classes"])


def no_better_than_majority(rng: np.random.Generator) -> tuple[Run, Truth]:
    """The answers have nothing to do with the labels, or 1 to 30 % of the samples are known; the rest is called the majority."""
    k, n, share = int(rng.integers(2, 7)), _size(rng, 30), rng.uniform(0.5, 0.9)
    label = np.where(rng.random(n) < share, 0, rng.integers(1, k, n))
    constant = rng.choice([1.0, rng.uniform(0.5, 1)])
    blind = np.where(rng.random(n) < constant, 0, rng.integers(0, k, n))
    known = rng.choice([0.0, _between(rng, 0.01, 0.3)])
    of_rest = constant + (1 - constant) / k if known < 1 else 0.0
    accuracy = known + (1 - known) * (share * of_rest + (1 - share) * (1 - constant) / k)
    predicted = np.where(rng.random(n) < known, label, blind)
    return _tested(label, predicted, k), lambda f: bool(accuracy <= share)


def suspected_label_noise(rng: np.random.Generator) -> tuple[Run, Truth]:
    """Right labels, or 1 to 20 % wrong ones; the model calibrated, or too sure by a temperature of up to 2."""
    wrong = _between(rng, 0.01, 0.2) if rng.random() < 0.5 else 0.0
    shift = rng.choice([1.0, rng.uniform(1, 2)])
    world = worlds.World(_size(rng), int(rng.integers(2, 9)), _between(rng, 0.3, 1), rng.uniform(1, 2.5), shift)
    outcome, _ = worlds.draw(world, rng)
    moved = (outcome.label + rng.integers(1, world.k, world.n)) % world.k
    label = np.where(rng.random(world.n) < wrong, moved, outcome.label).astype(np.int32)
    noisy = Predictions(sample=outcome.sample, label=label, predicted=outcome.predicted, probabilities=outcome.probabilities)
    run = builders.run(
        classes=tuple(f"c{i}" for i in range(world.k)), test=builders.evaluation(noisy, world.k), predictions={"test": noisy}
    )
    return run, lambda f: wrong > 0


def _epochs_of_skill(rng: np.random.Generator, falls: bool) -> tuple[np.ndarray, Run]:
    """The skill of each epoch, and the run: it rises to a level, and falls after the best where it should; kept by sample, or not."""
    n, epochs = _size(rng, 60, 1000), int(rng.integers(5, 21))
    top = int(rng.integers(2, epochs))
    skill = np.full(epochs, rng.uniform(1, 2.5))
    skill[:top] -= np.linspace(rng.uniform(0.3, 1), 0.02, top)
    if falls:
        skill[top:] -= np.linspace(0, 1, epochs - top + 1)[1:] * _between(rng, 0.02, 0.6)
    samples = builders.sample_epochs(rng, skill.tolist(), n=n)
    loss, accuracy = samples.loss.mean(axis=1), (samples.predicted == samples.label).mean(axis=1)
    kept = {"val_epochs": samples} if rng.random() < 0.5 else {}
    logs = builders.epochs(loss, loss, accuracy, accuracy)
    return skill, builders.run(epochs=logs, data=Data(counts={"val": {"a": n}}), **kept)


def best_epoch_not_last(rng: np.random.Generator) -> tuple[Run, Truth]:
    """The skill stays at its level, or falls from it; right where the last epoch's true loss is above that of the best named."""
    skill, run = _epochs_of_skill(rng, falls=bool(rng.random() < 0.5))
    return run, lambda f: bool(skill[-1] < skill[f.evidence["best_epoch"] - 1] - 1e-9)


def selection_optimism(rng: np.random.Generator) -> tuple[Run, Truth]:
    """Right where the validation accuracy of the chosen epoch is above its true one."""
    skill, run = _epochs_of_skill(rng, falls=False)
    skills, _, accuracy = by_skill()
    best = min(run.epochs, key=lambda e: e.val["loss"])
    return run, lambda f: bool(best.val["accuracy"] > np.interp(skill[best.epoch - 1], skills, accuracy))


def validation_to_test_drop(rng: np.random.Generator) -> tuple[Run, Truth]:
    """The model is as good on the test set's images, or less skilled there by .1 to 1; right where the true accuracies differ that way."""
    skill, run = _epochs_of_skill(rng, falls=bool(rng.random() < 0.5))
    best = min(run.epochs, key=lambda e: e.val["loss"]).epoch
    lost = _between(rng, 0.1, 1) if rng.random() < 0.5 else 0.0
    skills, _, accuracy = by_skill()
    there, here = np.interp([skill[best - 1] - lost, skill[best - 1]], skills, accuracy)
    n = _size(rng, 60, 1000)
    test = Evaluation(accuracy=float(rng.binomial(n, there) / n), n=n, epoch=best)
    return replace(run, test=test), lambda f: (there < here) == (f.evidence["drop"] > 0) and lost > 0


SCENARIOS: dict[str, Scenario] = {name: globals()[name] for name in registry.names("rules") if name in globals()}
