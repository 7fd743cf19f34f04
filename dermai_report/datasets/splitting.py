"""Hold validation and test pictures out of train, class by class, by a seed."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import groupby

from dermai_report.datasets.items import Item
from dermai_report.errors import DermaiError


def hold_out(items: Sequence[Item], fractions: Mapping[str, float], seed: int) -> list[Item]:
    """Move the given fraction of each class from train to each split that has no pictures of its own.

    A picture's place follows from a digest of the seed and its path, so it depends on no library's random numbers.
    Every split gets at least one picture of each class. Raises DermaiError when a class is too small for that.
    """
    present = {item.split for item in items}
    wanted = {split: part for split, part in fractions.items() if part > 0 and split not in present}
    placed = [item for item in items if item.split != "train"]
    training = sorted((item for item in items if item.split == "train"), key=lambda item: item.label)
    for label, group in groupby(training, key=lambda item: item.label):
        placed += _divide(label, sorted(group, key=lambda item: _draw(seed, item)), wanted)
    return sorted(placed, key=lambda item: item.sample)


def _divide(label: str, group: list[Item], wanted: Mapping[str, float]) -> list[Item]:
    sizes = {split: max(1, round(part * len(group))) for split, part in wanted.items()}
    if sum(sizes.values()) >= len(group):
        raise DermaiError(
            f"class {label!r} has {len(group)} image(s): too few to hold out {' and '.join(sizes)} and still train",
            f"it needs at least {len(sizes) + 1}; add images, or remove the class",
        )
    splits = [split for split, size in sizes.items() for _ in range(size)]
    splits += ["train"] * (len(group) - len(splits))
    return [replace(item, split=split) for item, split in zip(group, splits, strict=True)]


def _draw(seed: int, item: Item) -> bytes:
    return hashlib.sha256(f"{seed}/{item.sample}".encode()).digest()
