"""Batches of a split: from pixels in memory to what the network takes."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from dermai_report.train import strategies
from dermai_report.train.config import TrainConfig
from dermai_report.train.data import Images

# Channel means and deviations of ImageNet: what pretrained weights expect. Kept for random weights too, so that one
# preprocessing serves every run.
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def training_batches(images: Images, config: TrainConfig, device: torch.device) -> Iterator[tuple[Tensor, Tensor]]:
    """Augmented batches in a random order of torch's global generator: (n, 3, side, side) normalised, labels (n,).

    A last batch of a single image joins the one before it: BatchNorm has no variance of one value.
    """
    augment = strategies.load("augment", config.augment).augment
    for rows in batch_rows(images.labels, config):
        yield normalise(augment(to_unit(images.pixels[rows], device))), images.labels[rows].to(device)


def batch_rows(labels: Tensor, config: TrainConfig) -> list[Tensor]:
    """The rows of each batch of an epoch."""
    if config.balanced_sampling:
        weights = 1 / torch.bincount(labels)[labels].double()
        order = torch.multinomial(weights, len(labels), replacement=True)
    else:
        order = torch.randperm(len(labels))
    rows = list(torch.split(order, config.batch_size))
    if len(rows) > 1 and len(rows[-1]) == 1:
        last = rows.pop()
        rows[-1] = torch.cat([rows[-1], last])
    return rows


def count_batches(n: int, batch_size: int) -> int:
    """Batches an epoch of n images has."""
    batches = -(-n // batch_size)
    return batches - 1 if batches > 1 and n % batch_size == 1 else batches


def evaluation_batches(images: Images, batch_size: int, device: torch.device) -> Iterator[Tensor]:
    """Plain batches in order."""
    for pixels in torch.split(images.pixels, batch_size):
        yield normalise(to_unit(pixels, device))


def to_unit(pixels: Tensor, device: torch.device) -> Tensor:
    """uint8 (n, side, side, 3) to float (n, 3, side, side) in [0, 1]; the strides stay: torch's channels_last."""
    return pixels.to(device).permute(0, 3, 1, 2).float().div_(255)


def normalise(images: Tensor) -> Tensor:
    """Subtract the mean and divide by the deviation of each channel."""
    mean, std = (torch.tensor(v, device=images.device)[None, :, None, None] for v in (MEAN, STD))
    return ((images - mean) / std).contiguous(memory_format=torch.channels_last)
