"""One pass over a split in evaluation mode."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from dermai_report.train.batches import evaluation_batches
from dermai_report.train.data import Images
from dermai_report.train.loss import Objective, sample_losses

BATCH = 64  # bigger ones were slower on processors: they leave the cache


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

    def weighted_loss(self, objective: Objective) -> float:
        """The mean loss under the objective's class weights."""
        weights = objective.weights.cpu().double().numpy()[self.labels]
        return float((self.losses * weights).sum() / weights.sum())


@torch.inference_mode()
def evaluate(net: nn.Module, images: Images, device: torch.device, views: int = 1) -> Outcome:
    """Evaluate a network; with `views` above 1 the probabilities are averaged over mirrored and turned copies."""
    net.eval()
    batches = evaluation_batches(images, BATCH, device)
    log_probabilities = torch.cat([_log_probabilities(net, batch, views).cpu() for batch in batches])
    return Outcome(
        losses=sample_losses(log_probabilities, images.labels).numpy(),
        probabilities=log_probabilities.exp().numpy(),
        labels=images.labels.numpy(),
    )


def _log_probabilities(net: nn.Module, batch: Tensor, views: int) -> Tensor:
    """(n, classes), the log of the mean probability over the views."""
    logs: list[Tensor] = [net(view(batch, n)).float().log_softmax(dim=1) for n in range(views)]
    if views == 1:
        return logs[0]
    return torch.stack(logs).logsumexp(dim=0) - torch.tensor(float(views)).log()


def view(batch: Tensor, n: int) -> Tensor:
    """The n-th of eight views: 0 as it is, 1 mirrored, then quarter turns of both (for pictures without an upright)."""
    turned = torch.rot90(batch, n // 2, dims=(2, 3))
    return turned.flip(3) if n % 2 else turned
