"""The numbers of an epoch's line: of the batches trained on, and of an evaluation."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from dermai_report.train import distributed
from dermai_report.train.evaluate import Outcome
from dermai_report.train.loss import Objective, sample_losses


@dataclass
class Tally:
    """Sums over the batches of an epoch, in training mode: plain losses, images right, and what was optimised."""

    seen: int = 0
    hits: int = 0
    losses: float = 0.0
    objectives: float = 0.0

    def add(self, logits: Tensor, target: Tensor, objective: float) -> None:
        """Take in a batch; a mixed label counts as its larger part."""
        labels = target.argmax(dim=1) if target.is_floating_point() else target
        self.seen += len(labels)
        self.hits += int((logits.argmax(dim=1) == labels).sum())
        self.losses += float(sample_losses(logits, target).double().sum())
        self.objectives += objective * len(labels)

    def over_all(self) -> Tally:
        """The sums over all processes."""
        sums = torch.tensor([self.seen, self.hits, self.losses, self.objectives], dtype=torch.float64)
        seen, hits, losses, objectives = distributed.total(sums).tolist()
        return Tally(round(seen), round(hits), losses, objectives)

    @property
    def loss(self) -> float:
        """Mean plain cross-entropy so far."""
        return self.losses / max(self.seen, 1)

    @property
    def accuracy(self) -> float:
        """Fraction right so far."""
        return self.hits / max(self.seen, 1)

    def metrics(self) -> dict[str, float]:
        """Loss and accuracy, and the mean of what was optimised."""
        return {"loss": self.loss, "accuracy": self.accuracy, "objective": self.objectives / self.seen}


def of_validation(outcome: Outcome, objective: Objective) -> dict[str, float]:
    """What is logged of a validation: plain loss, and the loss under the class weights that training used."""
    return {
        "loss": outcome.loss,
        "accuracy": outcome.accuracy,
        "macro_f1": outcome.macro_f1,
        "weighted_loss": outcome.weighted_loss(objective),
    }


def of_training_images(outcome: Outcome) -> dict[str, float]:
    """What is logged of training images in evaluation mode: the honest half of the gap to validation."""
    return {"eval_loss": outcome.loss, "eval_accuracy": outcome.accuracy, "eval_n": len(outcome.labels)}
