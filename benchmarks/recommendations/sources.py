"""The real pictures of the study: for each data set a fixed test set, and for each seed another draw of training and validation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np

from dermai_report.datasets.collections import open_collection
from dermai_report.datasets.items import Collection, Item

Splits = Mapping[str, tuple[np.ndarray, np.ndarray]]  # by split: pictures uint8 (n, side, side, 3) and labels (n,)
FIXED = 0  # the seed of what belongs to the test set


@dataclass(frozen=True)
class Source:
    """A data set: where it is, which classes (empty: all), the side in pixels, and pictures a class in each split."""

    name: str
    data: str
    side: int
    train: int
    val: int
    test: int
    classes: tuple[str, ...] = ()


# Five classes that look alike; the network has learned from the five others (see pretrained.py).
TOPS = ("Coat", "Dress", "Pullover", "Shirt", "T-shirt")


def sources(idx: str, photos: str) -> dict[str, Source]:
    """The three data sets: Fashion-MNIST's idx files in one folder, scikit-learn's digits, photographs in another."""
    found = [
        Source("fashion", idx, side=32, train=30, val=20, test=60, classes=TOPS),
        Source("digits", "digits", side=32, train=15, val=10, test=30),
        Source("photos", photos, side=48, train=60, val=40, test=90),
    ]
    return {source.name: source for source in found}


def draw(source: Source, seed: int) -> Splits:
    """The pictures of a seed: the test set is the same for all seeds, training and validation are drawn from the rest."""
    collection, by_class = _opened(replace(source, train=0, val=0))
    rng = np.random.default_rng([seed, *source.name.encode()])
    chosen: dict[str, list[tuple[Item, int]]] = {"train": [], "val": [], "test": []}
    for label, items in enumerate(by_class):
        rest = [items[i] for i in source.test + rng.permutation(len(items) - source.test)]
        for split, of_split in (
            ("train", rest[: source.train]),
            ("val", rest[source.train : source.train + source.val]),
            ("test", items[: source.test]),
        ):
            chosen[split] += [(item, label) for item in of_split]
    return {split: _pixels(collection, of_split, source.side) for split, of_split in chosen.items()}


def save(splits: Splits, path: Path) -> None:
    """As a file that dermai-train reads."""
    path.parent.mkdir(parents=True, exist_ok=True)
    arrays = {f"{split}_{what}": array for split, pair in splits.items() for what, array in zip(NAMES, pair, strict=True)}
    np.savez_compressed(path, **arrays)


NAMES = ("images", "labels")


@cache
def _opened(source: Source) -> tuple[Collection, list[list[Item]]]:
    """The collection, and its items by class, in an order that does not depend on the seed."""
    collection = open_collection(source.data)
    rng = np.random.default_rng(FIXED)
    classes = source.classes or sorted({item.label for item in collection.items})
    by_class = []
    for name in classes:
        items = sorted((item for item in collection.items if item.label == name), key=lambda item: item.sample)
        by_class.append([items[i] for i in rng.permutation(len(items))])
    return collection, by_class


def _pixels(collection: Collection, chosen: list[tuple[Item, int]], side: int) -> tuple[np.ndarray, np.ndarray]:
    pictures = [collection.decode(collection.read(item), side).convert("RGB").resize((side, side)) for item, _ in chosen]
    return np.stack([np.asarray(p) for p in pictures]), np.array([label for _, label in chosen])
