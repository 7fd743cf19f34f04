"""Random numbers for augmentation: one an image, from a generator that belongs to the piece of the batch being augmented."""

from __future__ import annotations

import torch
from torch import Tensor


class Draw:
    """Draws for n images. Workers augment pieces of a batch at the same time, so none may take from a shared generator."""

    def __init__(self, n: int, seed: int, device: torch.device | str = "cpu") -> None:
        self.n = n
        self.device = torch.device(device)
        self.generator = torch.Generator().manual_seed(seed)

    def __call__(self, low: float, high: float) -> Tensor:
        """(n,) uniform in [low, high)."""
        return (torch.rand(self.n, generator=self.generator) * (high - low) + low).to(self.device)
