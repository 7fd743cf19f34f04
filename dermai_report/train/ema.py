"""A moving average of the weights, evaluated and saved in their place."""

from __future__ import annotations

import copy

import torch
from torch import nn


class Average:
    """An exponential moving average of a network's parameters; BatchNorm statistics, averages already, are copied.

    Early on the decay is min(decay, (1 + t) / (10 + t)), so that a short run does not average its random start.
    """

    def __init__(self, net: nn.Module, decay: float) -> None:
        """Begin with a copy of the network."""
        self.net = copy.deepcopy(net).eval().requires_grad_(False)
        self.decay = decay
        self.updates = 0

    @torch.no_grad()
    def update(self, net: nn.Module) -> None:
        """Move towards the network's present weights."""
        self.updates += 1
        decay = min(self.decay, (1 + self.updates) / (10 + self.updates))
        for mine, theirs in zip(self.net.parameters(), net.parameters(), strict=True):
            mine.lerp_(theirs, 1 - decay)
        for kept, present in zip(self.net.buffers(), net.buffers(), strict=True):
            kept.copy_(present)
