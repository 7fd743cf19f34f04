"""What is optimised, and what is reported: two losses that must not be confused.

The objective is cross-entropy with class weights, label smoothing and mixed labels, as configured. The loss reported
for every split is plain cross-entropy, mean nats a sample: the same quantity for train, validation and test.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from dermai_report.train.config import TrainConfig


@dataclass(frozen=True)
class Objective:
    """The training loss: class weights (classes,) and the part of each label spread over all classes."""

    weights: Tensor
    smoothing: float

    def __call__(self, logits: Tensor, target: Tensor) -> Tensor:
        """The weighted mean over the batch; target: labels (n,), or mixed ones (n, classes)."""
        losses = F.cross_entropy(logits, target, weight=self.weights, label_smoothing=self.smoothing, reduction="none")
        return losses.sum() / self.weight_of(target).sum()

    def weight_of(self, target: Tensor) -> Tensor:
        """(n,) the weight of each sample."""
        return target @ self.weights if target.is_floating_point() else self.weights[target]


def build_objective(config: TrainConfig, labels: Tensor, n_classes: int) -> Objective:
    """Weights n / (classes * n_class), 1 on average over the training images; all 1 when off or sampling is balanced."""
    counts = torch.bincount(labels, minlength=n_classes).double()
    weights = len(labels) / (n_classes * counts)
    if not config.class_weights or config.balanced_sampling:
        weights = torch.ones_like(weights)
    return Objective(weights.float(), config.label_smoothing)


def sample_losses(logits: Tensor, target: Tensor) -> Tensor:
    """(n,) plain cross-entropy in nats; target: labels (n,), or mixed ones (n, classes)."""
    return F.cross_entropy(logits.float(), target, reduction="none")
