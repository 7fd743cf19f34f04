"""Two runs or more on one test set, with planted differences."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from dermai_report.run import Predictions, Run
from tests import builders

N = 300
BASE = builders.predictions(np.random.default_rng(0), N)


def run(outcome: Predictions | None, **facts: Any) -> Run:
    """A run whose test predictions are these."""
    if outcome is None:
        return builders.run(**facts)
    k = len(facts.get("classes", builders.CLASSES))
    return builders.run(predictions={"test": outcome}, test=builders.evaluation(outcome, k), **facts)


def moved(fixed: int, broken: int, seed: int = 0) -> Predictions:
    """The baseline's predictions with that many errors mended and that many right ones spoilt, the rest untouched."""
    rng = np.random.default_rng(seed)
    predicted, table = BASE.predicted.copy(), BASE.probabilities.copy()  # type: ignore[union-attr]
    wrong = rng.permutation(np.flatnonzero(predicted != BASE.label))[:fixed]
    right = rng.permutation(np.flatnonzero(predicted == BASE.label))[:broken]
    predicted[wrong] = BASE.label[wrong]
    predicted[right] = (BASE.label[right] + 1) % 4
    for i in (*wrong, *right):
        table[i] = 0.1
        table[i, predicted[i]] = 0.7
    return replace(BASE, predicted=predicted, probabilities=table)


BASELINE = run(BASE, name="baseline", id="a", path="runs/a")
BETTER = run(
    moved(20, 4), name="better", id="b", path="runs/b", config=BASELINE.config | {"augment": "strong", "lr": 0.002}, seed=2
)
EQUAL = run(moved(6, 5, seed=1), name="equal", id="c", path="runs/c")
WORSE = run(moved(2, 30, seed=2), name="worse", id="d", path="runs/d")
