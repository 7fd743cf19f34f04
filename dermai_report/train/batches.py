"""Batches of a split: from stored pixels to what the network takes."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from dermai_report.train import distributed, strategies
from dermai_report.train.config import TrainConfig
from dermai_report.train.data import Images
from dermai_report.train.strategies.augment._draw import Draw
from dermai_report.train.workers import PIECE, in_pieces, piece_of

# Channel means and deviations of ImageNet: what pretrained weights expect. Kept for random weights too, so that one
# preprocessing serves every run.
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
SEEDS = 2**62


def training_batches(
    images: Images, config: TrainConfig, device: torch.device, frozen: Callable[[Tensor], Tensor] | None = None
) -> Iterator[tuple[Tensor, Tensor]]:
    """Augmented batches in a random order of torch's global generator: (n, 3, side, side) normalised, labels (n,).

    frozen: what is made of each piece while it is still in a core's cache; the batch is then of what comes out of it.
    Of several processes each takes its share of the pieces of every batch, so that together they see what one would.
    """
    augmented = augmenter(config)
    made = augmented if frozen is None else lambda pixels, seed: frozen(augmented(pixels, seed))
    for places in batch_places(images.labels, config):
        size = piece_of(len(places), device)
        seeds = torch.randint(SEEDS, (-(-len(places) // size),))
        mine = distributed.share(len(seeds))
        own = places[mine.start * size : mine.stop * size]
        yield in_pieces(made, images.take(own).to(device), seeds[mine].tolist()), images.labels[own].to(device)


def augmenter(config: TrainConfig) -> Callable[[Tensor, int], Tensor]:
    """From pixels of a piece of a batch and a seed to what the network takes."""
    augment = strategies.load("augment", config.augment).augment
    return lambda pixels, seed: normalise(augment(to_unit(pixels), Draw(len(pixels), seed, pixels.device)))


def batch_places(labels: Tensor, config: TrainConfig) -> list[Tensor]:
    """Which images each batch of an epoch is of.

    A last batch of a single image (or of too few for all processes) joins the one before it: BatchNorm has no variance of one value.
    """
    if config.balanced_sampling:
        weights = 1 / torch.bincount(labels)[labels].double()
        order = torch.multinomial(weights, len(labels), replacement=True)
    else:
        order = torch.randperm(len(labels))
    places = list(torch.split(order, config.batch_size))
    if len(places) > 1 and len(places[-1]) < fewest():
        last = places.pop()
        places[-1] = torch.cat([places[-1], last])
    return places


def count_batches(n: int, batch_size: int) -> int:
    """Batches an epoch of n images has."""
    batches = -(-n // batch_size)
    return batches - 1 if batches > 1 and 0 < n % batch_size < fewest() else batches


def fewest() -> int:
    """Images that a batch must have, so that each process gets two or more."""
    return 2 if distributed.size() == 1 else PIECE * distributed.size()


def evaluation_batches(images: Images, batch_size: int, device: torch.device) -> Iterator[Tensor]:
    """Plain batches in order."""
    for places in torch.split(torch.arange(len(images)), batch_size):
        yield in_pieces(lambda pixels: normalise(to_unit(pixels)), images.take(places).to(device))


def to_unit(pixels: Tensor) -> Tensor:
    """uint8 (n, side, side, 3) to float (n, 3, side, side) in [0, 1]; the strides stay: torch's channels_last."""
    return pixels.permute(0, 3, 1, 2).float().div_(255)


def normalise(images: Tensor) -> Tensor:
    """Subtract the mean and divide by the deviation of each channel, in the place of the images."""
    mean, std = (torch.tensor(v, device=images.device)[None, :, None, None] for v in (MEAN, STD))
    return images.sub_(mean).div_(std).contiguous(memory_format=torch.channels_last)
