"""Stochastic gradient descent with Nesterov momentum."""

from __future__ import annotations

from typing import Any

from torch.optim import SGD, Optimizer

from dermai_report.train.config import TrainConfig


def build(groups: list[dict[str, Any]], config: TrainConfig) -> Optimizer:
    """SGD; Nesterov needs a momentum, so without one it is plain."""
    return SGD(groups, momentum=config.momentum, nesterov=config.momentum > 0, weight_decay=config.weight_decay)
