"""What folds and seeds show: the mean score and its interval, the spread of best epochs, and the folds as one model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from dermai_report import measures
from dermai_report.experiment.trials import Done
from dermai_report.measures.replicates import Mean, over_folds, over_seeds
from dermai_report.measures.stacked import stack
from dermai_report.report import Interval
from dermai_report.run import SMALLEST_PROBABILITY

CLEARLY = 2.0  # times as many as expected; the expectation rests on the probabilities, which are never quite calibrated


class Ensemble(NamedTuple):
    """The mean of all trials' test probabilities as one model, and what it gains on their mean accuracy, paired."""

    n: int
    accuracy: float
    accuracy_ci95: Interval
    loss: float
    gain: float
    gain_ci95: Interval | None


class OutOfFold(NamedTuple):
    """Predictions of every picture by models that had not seen it: n, accuracy with its interval, and suspected labels.

    suspects: (sample, label, what the models are sure of), most suspicious first; expected: how many there would be were all labels right.
    """

    n: int
    accuracy: float
    accuracy_ci95: Interval
    suspects: list[tuple[str, str, str]]
    expected: float

    @property
    def stand_out(self) -> bool:
        """Whether clearly more labels are suspected than models that err would suspect anyway."""
        return len(self.suspects) > CLEARLY * max(self.expected, 1)


def validation(done: Sequence[Done], folds: int | None) -> Mean | None:
    """Mean validation accuracy of the best epochs, over folds and seeds."""
    best = [measures.best_epoch(d.run) for d in done]
    scores = [b.val_accuracy for b in best if b is not None and b.val_accuracy is not None]
    if not scores or len(scores) < len(done):
        return None
    counts = [(d.run.count("val"), d.run.count("train")) for d in done]
    shares = [val / (val + train) for val, train in counts if val and train]
    share = 1 / folds if folds and folds > 1 else float(np.mean(shares)) if shares else 0.2
    return over_folds(scores, share)


def test(done: Sequence[Done]) -> Mean | None:
    """Mean test accuracy over trials, on one test set: both the trials and the pictures are drawn."""
    stacked = stack([d.run for d in done], "test")
    return over_seeds(stacked.correct, stacked.codes) if stacked is not None else None


def ensemble(done: Sequence[Done]) -> Ensemble | None:
    """All trials as one model, on the test set, once; None for fewer than two, or without probabilities."""
    stacked = stack([d.run for d in done], "test")
    if stacked is None or stacked.probabilities is None or len(done) < 2:
        return None
    mean = stacked.probabilities.mean(axis=0, dtype=np.float64)
    correct = mean.argmax(axis=1) == stacked.label
    n = len(stacked.label)
    loss = -np.log(np.maximum(mean[np.arange(n), stacked.label], SMALLEST_PROBABILITY))
    gain = over_seeds(correct[None, :] - stacked.correct, stacked.codes)
    interval = measures.wilson(int(correct.sum()), n)
    return Ensemble(n, float(correct.mean()), interval, float(loss.mean()), gain.value, gain.ci95)


def out_of_fold(done: Sequence[Done]) -> OutOfFold | None:
    """The validation predictions of all folds together, those of several seeds averaged; None without probabilities."""
    classes = done[0].run.classes if done else ()
    sums: dict[str, np.ndarray] = {}
    labels: dict[str, int] = {}
    for one in done:
        outcome = one.run.predictions.get("val")
        if outcome is None or outcome.probabilities is None or one.run.classes != classes:
            return None
        for name, label, row in zip(outcome.sample, outcome.label, outcome.probabilities, strict=True):
            sums[name] = sums.get(name, 0) + row.astype(np.float64)
            labels[name] = int(label)
    if not sums:
        return None
    names = list(sums)
    label = np.array([labels[name] for name in names])
    total = np.stack([sums[name] for name in names])
    probabilities = total / total.sum(axis=1, keepdims=True)
    correct = int((probabilities.argmax(axis=1) == label).sum())
    found = measures.suspected_labels(label, probabilities)
    suspects = [
        (names[i], classes[label[i]], classes[j]) for i, j in zip(found.place.tolist(), found.suggested.tolist(), strict=True)
    ]
    expected = measures.expected_suspects(label, probabilities)
    return OutOfFold(len(names), correct / len(names), measures.wilson(correct, len(names)), suspects, expected)
