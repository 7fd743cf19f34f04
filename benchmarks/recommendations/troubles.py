"""The troubles that are induced, each in the training pictures or in the recipe; validation and test stay clean."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Spoil = Callable[[np.ndarray, np.random.Generator], tuple[np.ndarray, np.ndarray]]  # labels -> places kept, their new labels


def _as_they_are(labels: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    return np.arange(len(labels)), labels


def few(labels: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """A fifth of each class, at least five pictures."""
    kept = np.concatenate([p[: max(5, len(p) // 5)] for p in _by_class(labels)])
    return kept, labels[kept]


def wrong_labels(labels: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Three in ten labels are of another class, drawn evenly."""
    n = int(labels.max()) + 1
    wrong = rng.permutation(len(labels))[: round(0.3 * len(labels))]
    noisy = labels.copy()
    noisy[wrong] = (labels[wrong] + rng.integers(1, n, len(wrong))) % n
    return np.arange(len(labels)), noisy


def taken_for_another(labels: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Four in ten pictures of one class are labelled as another; the seed says which two."""
    one, other = rng.permutation(int(labels.max()) + 1)[:2]
    of_one = rng.permutation(np.flatnonzero(labels == one))
    noisy = labels.copy()
    noisy[of_one[: round(0.4 * len(of_one))]] = other
    return np.arange(len(labels)), noisy


def imbalanced(labels: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """From all pictures of one class down to a fifteenth of another, in equal ratios; the seed says which are rare."""
    by_class = _by_class(labels)
    shares = np.geomspace(1, 1 / 15, len(by_class))[rng.permutation(len(by_class))]
    kept = np.concatenate([p[: max(1, round(len(p) * share))] for p, share in zip(by_class, shares, strict=True)])
    return kept, labels[kept]


def _by_class(labels: np.ndarray) -> list[np.ndarray]:
    return [np.flatnonzero(labels == c) for c in range(int(labels.max()) + 1)]


@dataclass(frozen=True)
class Trouble:
    """What is done to the training labels, and which keys of the recipe differ."""

    what: str
    spoil: Spoil = _as_they_are
    config: Mapping[str, Any] = field(default_factory=dict)


EPOCHS = 10

TROUBLES = {
    "few": Trouble("too few data: a fifth of the training pictures, at least five a class", few),
    "noise": Trouble("label noise: 30 % of the training labels are wrong", wrong_labels),
    "imbalance": Trouble("imbalance: 15 to 1 in training, no class weights", imbalanced, {"class_weights": False}),
    "rate": Trouble("too high a learning rate: 0.03 with Adam", config={"lr": 0.03}),
    "long": Trouble(
        "too long without regularisation: all layers, 20 epochs, no augmentation, no schedule",
        config={"unfreeze": "full", "epochs": 2 * EPOCHS, "augment": "none", "schedule": "none"},
    ),
    "frozen": Trouble("frozen too much: only the last layer is trained", config={"unfreeze": "head"}),
}

# Not looked at while rules and priorities were chosen: what is carried out of these tells of troubles that nobody had in mind.
HELD_OUT = {
    "slow": Trouble("too low a learning rate: 0.00003 with Adam", config={"lr": 3e-5}),
    "pair": Trouble("one class labelled as another: 40 % of its training pictures", taken_for_another),
}
