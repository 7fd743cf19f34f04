"""Stochastic weight averaging: the plain mean of the weights at the ends of the late epochs, evaluated and saved in their place.

Izmailov et al. 2018 (arXiv:1803.05407). torch.optim.swa_utils does the averaging; here is when.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel


class EpochAverage:
    """The mean of a network's parameters over epochs. Until the averaging begins it is the network of the moment.

    So the same network is evaluated in every epoch, and the best epoch may be one from before. BatchNorm statistics are copied; those
    of averaged weights are nobody's, and must be taken anew from the training images (`epoch.end_epoch`).
    """

    def __init__(self, net: nn.Module, before: int) -> None:
        """Begin with a copy of the network; before: epochs that are not averaged."""
        self.model = AveragedModel(net)
        self.net = self.model.module.eval().requires_grad_(False)
        self.before = before

    @property
    def updates(self) -> int:
        """Epochs in the mean."""
        return int(self.model.n_averaged)

    @updates.setter
    def updates(self, n: int) -> None:
        self.model.n_averaged.fill_(n)

    @torch.no_grad()
    def update(self, net: nn.Module, epoch: int) -> None:
        """Take in the weights at the end of an epoch; up to the first that counts they replace those before."""
        if epoch <= self.before + 1:
            self.updates = 0
        self.model.update_parameters(net)
