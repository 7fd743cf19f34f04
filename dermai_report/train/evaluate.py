"""One pass over a split in evaluation mode."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from dermai_report.run import SMALLEST_PROBABILITY
from dermai_report.train import distributed
from dermai_report.train.batches import evaluation_batches
from dermai_report.train.data import Images
from dermai_report.train.engine import BATCH, Engine
from dermai_report.train.loss import Objective, sample_losses


@dataclass(frozen=True)
class Outcome:
    """Per-sample results in the order of the split: losses (n,) nats, probabilities (n, classes), labels (n,)."""

    losses: np.ndarray
    probabilities: np.ndarray
    labels: np.ndarray

    @property
    def loss(self) -> float:
        """Mean over samples (not over batches, whose last one is smaller)."""
        return float(self.losses.mean(dtype=np.float64))

    @property
    def predicted(self) -> np.ndarray:
        """(n,) the most probable class."""
        classes: np.ndarray = self.probabilities.argmax(axis=1)
        return classes

    @property
    def accuracy(self) -> float:
        """Fraction that is right."""
        return float((self.predicted == self.labels).mean())

    @property
    def macro_f1(self) -> float:
        """Mean over classes of 2 TP / (2 TP + FP + FN); 0 for a class that is never predicted."""
        classes = np.arange(self.probabilities.shape[1])[:, None]
        predicted, true = self.predicted == classes, self.labels == classes
        hits = (predicted & true).sum(axis=1)
        return float((2 * hits / np.maximum(predicted.sum(axis=1) + true.sum(axis=1), 1)).mean())

    def cooled(self, temperature: float) -> Outcome:
        """With the logits divided by `temperature`; the predicted classes stay."""
        logits = torch.from_numpy(self.probabilities).double().clamp_min(SMALLEST_PROBABILITY).log() / temperature
        return outcome_of(logits.log_softmax(dim=1).float(), torch.from_numpy(self.labels))

    def weighted_loss(self, objective: Objective) -> float:
        """The mean loss under the objective's class weights."""
        weights = objective.weights.cpu().double().numpy()[self.labels]
        return float((self.losses * weights).sum() / weights.sum())


def evaluate(engine: Engine, images: Images, views: int = 1) -> Outcome:
    """Evaluate a network, each process its share; with `views` above 1, probabilities averaged over mirrored and turned copies."""
    engine.evaluated.eval()
    if views == 1:
        parts = [engine.evaluate(features).log_softmax(dim=1) for features in engine.evaluation_features(images)]
    else:
        mine = images.part(distributed.share(len(images)))
        parts = [_over_views(engine, batch, views) for batch in evaluation_batches(mine, BATCH, engine.device)]
    return outcome_of(distributed.gathered(torch.cat(parts), len(images)).cpu(), images.labels)


def outcome_of(log_probabilities: Tensor, labels: Tensor) -> Outcome:
    """The outcome of (n, classes) log probabilities."""
    return Outcome(
        losses=sample_losses(log_probabilities, labels).numpy(),
        probabilities=log_probabilities.exp().numpy(),
        labels=labels.numpy(),
    )


def mean_of(outcomes: Sequence[Outcome]) -> Outcome:
    """Several networks as one: the mean of their probabilities (an ensemble)."""
    if len(outcomes) == 1:
        return outcomes[0]
    mean = torch.from_numpy(np.mean([o.probabilities for o in outcomes], axis=0, dtype=np.float64))
    return outcome_of(mean.log().float(), torch.from_numpy(outcomes[0].labels))


def _over_views(engine: Engine, batch: Tensor, views: int) -> Tensor:
    """(n, classes), the log of the mean probability over the views."""
    logs = [engine.evaluate(engine.features(view(batch, n))).log_softmax(dim=1) for n in range(views)]
    return torch.stack(logs).logsumexp(dim=0) - torch.tensor(float(views)).log()


def view(batch: Tensor, n: int) -> Tensor:
    """The n-th of eight views: 0 as it is, 1 mirrored, then quarter turns of both (for pictures without an upright)."""
    turned = torch.rot90(batch, n // 2, dims=(2, 3))
    return turned.flip(3) if n % 2 else turned
