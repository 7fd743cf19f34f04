"""Colour of a batch, with a draw of its own for each image."""

from __future__ import annotations

import torch
from torch import Tensor

from dermai_report.train.strategies.augment._geometry import uniform

GREY = (0.299, 0.587, 0.114)  # ITU-R BT.601 luma, as torchvision uses


def jitter(images: Tensor, amount: float) -> Tensor:
    """Brightness, contrast and saturation, each by a factor of 1 - amount to 1 + amount (ColorJitter)."""

    def factor() -> Tensor:
        return uniform(images, 1 - amount, 1 + amount)[:, None, None, None]

    images = (images * factor()).clamp(0, 1)
    images = _blend(images, _grey(images).mean(dim=(2, 3), keepdim=True), factor())
    return _blend(images, _grey(images), factor())


def _grey(images: Tensor) -> Tensor:
    weights = torch.tensor(GREY, device=images.device, dtype=images.dtype)
    return (images * weights[None, :, None, None]).sum(dim=1, keepdim=True)


def _blend(images: Tensor, other: Tensor, factor: Tensor) -> Tensor:
    return (other + (images - other) * factor).clamp(0, 1)
