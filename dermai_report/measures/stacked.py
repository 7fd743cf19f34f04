"""The predictions of several runs on the samples that all of them have, in one order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dermai_report.measures.paired import groups_of
from dermai_report.run import SMALLEST_PROBABILITY, Run


@dataclass(frozen=True, eq=False)
class Stacked:
    """The predictions of S runs on the same n samples: predicted (S, n) classes, correct (S, n) 0 or 1, loss (S, n) nats or None,
    probabilities (S, n, classes) float32 or None; of each sample its name, its label, and its group's number or None.

    places (S, n): where each sample stands in the run's own predictions.
    """

    sample: tuple[str, ...]
    label: np.ndarray
    predicted: np.ndarray
    correct: np.ndarray
    loss: np.ndarray | None
    probabilities: np.ndarray | None
    codes: np.ndarray | None
    places: np.ndarray


def stack(runs: Sequence[Run], split: str) -> Stacked | None:
    """Their predictions of a split on the samples all have; None where they share none, a name repeats, or labels or classes differ."""
    outcomes = [run.predictions.get(split) for run in runs]
    known = [outcome for outcome in outcomes if outcome is not None]
    if not known or len(known) < len(outcomes) or len({run.classes for run in runs}) > 1:
        return None
    numbered = [{name: i for i, name in enumerate(outcome.sample)} for outcome in known]
    if any(len(place) < len(outcome) for place, outcome in zip(numbered, known, strict=True)):
        return None
    shared = set(known[0].sample).intersection(*numbered)
    sample = tuple(name for name in known[0].sample if name in shared)
    if not sample:
        return None
    places = np.array([[place[name] for name in sample] for place in numbered])
    label = known[0].label[places[0]]
    if any((outcome.label[row] != label).any() for outcome, row in zip(known, places, strict=True)):
        return None
    predicted = np.stack([outcome.predicted[row] for outcome, row in zip(known, places, strict=True)])
    tables = [o.probabilities[row] for o, row in zip(known, places, strict=True) if o.probabilities is not None]
    probabilities = np.stack(tables) if len(tables) == len(known) else None
    loss = None
    if probabilities is not None:
        true = probabilities[:, np.arange(len(label)), label].astype(np.float64)
        loss = -np.log(np.maximum(true, SMALLEST_PROBABILITY))
    codes = groups_of(known[0], places[0])
    return Stacked(sample, label, predicted, (predicted == label).astype(float), loss, probabilities, codes, places)
