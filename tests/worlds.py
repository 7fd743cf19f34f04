"""Sources of predictions whose true scores are known: what intervals are held against, in the tests and in benchmarks/coverage.py."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

from dermai_report import measures
from dermai_report.measures.temperature import cooled_losses
from dermai_report.report import Interval
from dermai_report.run import Predictions, Run
from tests import builders

MANY = 80_000  # samples from which a true score is read


class World(NamedTuple):
    """A model and its test set: n samples of k classes, the last `rarest` times as frequent as the first.

    skill: how far the right class stands out; shift: 1 where the probabilities are calibrated, above it they are too sure;
    per_group: samples a patient, alike to one half.
    """

    n: int
    k: int
    rarest: float = 1.0
    skill: float = 2.0
    shift: float = 1.0
    per_group: int = 1

    @property
    def name(self) -> str:
        """The settings in a few letters."""
        groups = f", {self.per_group} a patient" if self.per_group > 1 else ""
        return f"n {self.n}, {self.k} classes, rarest {self.rarest:g}, skill {self.skill:g}, shift {self.shift:g}{groups}"


def prior(world: World, tilt: float = 1.0) -> np.ndarray:
    """How frequent each class is (k,); tilt: another mix."""
    share = np.geomspace(1, world.rarest * tilt, world.k)
    return np.asarray(share / share.sum())


def draw(world: World, rng: np.random.Generator, n: int = 0, tilt: float = 1.0) -> tuple[Predictions, np.ndarray]:
    """n samples (the world's number, if 0), and how likely each is really classified correctly (n,)."""
    n, k = n or world.n, world.k
    patients = -(-n // world.per_group)
    of = np.repeat(np.arange(patients), world.per_group)[:n]
    label = rng.choice(k, patients, p=prior(world, tilt))[of]
    noise = rng.normal(size=(n, k))
    if world.per_group > 1:
        noise = (noise + rng.normal(size=(patients, k))[of]) / np.sqrt(2)
    noise[np.arange(n), label] += world.skill
    true = np.exp(world.skill * noise + np.log(prior(world)))
    true /= true.sum(axis=1, keepdims=True)
    shown = true**world.shift
    shown /= shown.sum(axis=1, keepdims=True)
    predicted = shown.argmax(axis=1)
    outcome = Predictions(
        sample=[str(i) for i in range(n)],
        label=label.astype(np.int32),
        predicted=predicted.astype(np.int32),
        probabilities=shown.astype(np.float32),
        group=[str(g) for g in of] if world.per_group > 1 else None,
        columns={"site": rng.choice(["a", "b", "c"], n, p=[0.5, 0.3, 0.2]).tolist()},
    )
    return outcome, true[np.arange(n), predicted]


def run_of(world: World, rng: np.random.Generator, n: int = 0) -> Run:
    """A run of one epoch with validation (of another mix of classes) and test predictions of one model."""
    val, test = draw(world, rng, n, tilt=0.5)[0], draw(world, rng, n)[0]
    right = float((val.label == val.predicted).mean())
    return builders.run(
        epochs=builders.epochs([1.0], [1.0], [right], [right]),
        classes=tuple(f"class{i}" for i in range(world.k)),
        predictions={"val": val, "test": test},
        test=builders.evaluation(test, world.k, epoch=1),
    )


def scores(run: Run) -> dict[str, tuple[float | None, Interval | None]]:
    """Every number of the test set that a report prints with an interval, by name; of classes the first and the last."""
    s, c, g = measures.test_scores(run), measures.calibration(run), measures.generalization(run)
    assert s is not None
    assert c is not None
    shift, sites = measures.label_shift(run), measures.subgroups(run)
    found = {
        "accuracy": (s.accuracy, s.accuracy_ci95),
        "loss": (c.nll, s.loss_ci95),
        "macro F1": (s.macro_f1, s.macro_f1_ci95),
        "balanced accuracy": (s.balanced_accuracy, s.balanced_accuracy_ci95),
        "MCC": (s.mcc, s.mcc_ci95),
        "kappa": (s.kappa, s.kappa_ci95),
        "macro AUROC": (s.auroc_macro, s.auroc_macro_ci95),
        "macro AP": (s.average_precision_macro, s.average_precision_macro_ci95),
        "ECE": (c.ece, c.ece_ci95),
        "Brier": (c.brier, c.brier_ci95),
        "temperature's saving": (c.temperature_gain, c.temperature_gain_ci95),
        "drop": (g.drop, g.drop_ci95),
        "label shift": (shift.part, shift.ci95) if shift else (None, None),
    }
    for site in sites:
        found[f"accuracy, site {site.value}"] = (site.accuracy, site.accuracy_ci95)
        found[f"balanced accuracy, site {site.value}"] = (site.balanced_accuracy, site.balanced_accuracy_ci95)
    for place, row in (("first", s.per_class[0]), ("last", s.per_class[-1])):
        for name in ("precision", "recall", "specificity", "f1", "auroc", "average_precision"):
            found[f"{name}, {place}"] = (row[name], row[f"{name}_ci95"])
    return found


def truth(world: World) -> dict[str, float | Callable[[Run], float]]:
    """What `scores` would show of an endless test set; what a temperature saves depends on the one that a run asks for."""
    run = run_of(world._replace(n=MANY), np.random.default_rng(99))
    true: dict[str, float | Callable[[Run], float]] = {
        name: value for name, (value, _) in scores(run).items() if value is not None
    }
    # The binned error of a sample is biased by its noise; here the chance of being right is known, so the bins have none.
    outcome, right = draw(world, np.random.default_rng(98), MANY)
    assert outcome.probabilities is not None
    top = outcome.probabilities.max(axis=1).astype(float)
    order = np.argsort(top)
    log_t = np.linspace(-1.2, 1.5, 28)
    nll = np.array([cooled_losses(outcome, float(np.exp(t))).mean() for t in log_t])
    plain = float(np.interp(0, log_t, nll))
    true["temperature's saving"] = lambda run: plain - float(np.interp(np.log(fitted(run)), log_t, nll))
    true["ECE"] = float(np.mean([abs(b.mean()) for b in np.array_split((right - top)[order], 200)]))
    return true


def fitted(run: Run) -> float:
    """The temperature that the run's validation set asks for; 1 where none could be fitted."""
    found = measures.calibration(run)
    return (found.temperature if found else None) or 1.0


def covered(
    world: World, true: Mapping[str, float | Callable[[Run], float]], draws: int, seed: int = 1
) -> dict[str, tuple[float, float]]:
    """For each score the share of `draws` runs whose interval holds the truth, and the mean width of the interval."""
    rng = np.random.default_rng(seed)
    held: dict[str, list[tuple[bool, float]]] = {}
    for _ in range(draws):
        run = run_of(world, rng)
        for name, (_, ci) in scores(run).items():
            if ci is not None and name in true:
                known = true[name]
                value = known(run) if callable(known) else known
                held.setdefault(name, []).append((ci[0] <= value <= ci[1], ci[1] - ci[0]))
    return {name: (float(np.mean([h for h, _ in rows])), float(np.mean([w for _, w in rows]))) for name, rows in held.items()}
