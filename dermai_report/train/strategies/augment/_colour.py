"""Colour of a batch, with a draw of its own for each image."""

from __future__ import annotations

import torch
from torch import Tensor

from dermai_report.train.strategies.augment._draw import Draw

GREY = (0.299, 0.587, 0.114)  # ITU-R BT.601 luma, as torchvision uses


def jitter(images: Tensor, draw: Draw, amount: float) -> Tensor:
    """Brightness, contrast and saturation, each by a factor of 1 - amount to 1 + amount (ColorJitter), in the place of the images."""
    brightness, contrast, saturation = (draw(1 - amount, 1 + amount)[:, None, None, None] for _ in range(3))
    weights = torch.tensor(GREY, device=images.device, dtype=images.dtype)
    images.mul_(brightness).clamp_(max=1)
    mean = (images.mean(dim=(2, 3)) @ weights)[:, None, None, None]
    images.mul_(contrast).add_(mean * (1 - contrast)).clamp_(0, 1)
    grey = (weights @ images.flatten(2)).view(-1, 1, *images.shape[2:])  # einsum takes seven times as long
    return images.mul_(saturation).add_(grey.mul_(1 - saturation)).clamp_(0, 1)
