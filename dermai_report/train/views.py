"""K augmented views of each training image, as features of the frozen part, reused in turn: epoch e takes view (e - 1) mod K.

A view is a function of the seed and its number alone, never of the batches of an epoch, so a resumed run makes the same ones.
After epoch K no image is augmented anew: a little less variety for a training that costs the trained layers alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import torch
from torch import Tensor

from dermai_report.train import distributed, machine
from dermai_report.train.batches import SEEDS, augmenter, batch_places
from dermai_report.train.config import TrainConfig
from dermai_report.train.data import Images
from dermai_report.train.engine import BATCH, Engine
from dermai_report.train.workers import count_pieces, in_pieces


@dataclass(frozen=True)
class Views:
    """The views of one phase, made when an epoch first needs them."""

    images: Images
    config: TrainConfig
    engine: Engine
    made: dict[int, Tensor] = field(default_factory=dict)

    def batches(self, epoch: int) -> Iterator[tuple[Tensor, Tensor]]:
        """Features and labels in a random order, as `training_batches` gives images and labels."""
        number = (epoch - 1) % self.config.views
        if number not in self.made:
            self.made[number] = self.engine.store(self.images, self._augmented(number))
        for batch in batch_places(self.images.labels, self.config):
            places = batch[distributed.share(len(batch))]
            yield self.engine.loaded(self.made[number][places]), self.images.labels[places].to(self.engine.device)

    def _augmented(self, number: int) -> Iterator[Tensor]:
        seeds = torch.Generator().manual_seed(machine.number_of(self.config.seed, f"view {number}"))
        augmented = augmenter(self.config)
        for places in torch.split(torch.arange(len(self.images)), BATCH):
            pixels = self.images.take(places).to(self.engine.device)
            yield in_pieces(augmented, pixels, torch.randint(SEEDS, (count_pieces(pixels),), generator=seeds).tolist())
