"""One picture of a data set, before it is decoded, and where its pixels come from."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image

SPLITS = ("train", "val", "test")


@dataclass(frozen=True)
class Item:
    """A picture: its identifier (the path below the data folder), class and split.

    group: what must stay in one split with it, such as the patient; extra: what else is known of it, see Collection.columns.
    """

    sample: str
    label: str
    split: str
    group: str | None = None
    extra: tuple[str, ...] = ()


@dataclass(frozen=True)
class LeftOut:
    """A class that is not trained on: its images per split, and what brings it back."""

    counts: Mapping[str, int]
    restore: str


@dataclass(frozen=True)
class Collection:
    """A data set: its items, what it is called in messages, and how an item is read.

    read(item) gives the bytes that stand for the item in the fingerprint; decode(bytes, side) gives its RGB picture,
    not yet resized (a JPEG may come smaller, never below twice `side`), and raises OSError or ValueError for a broken one.
    excluded: the classes that are left out; columns: the names of what each item has in `extra`;
    home: the folder that the identifiers are paths below, None where they are no files.
    """

    source: str
    items: Sequence[Item]
    read: Callable[[Item], bytes]
    decode: Callable[[bytes, int], Image.Image]
    image_size: int = 224
    cached: bool = True  # whether decoding takes long enough to keep its outcome on the disk
    excluded: Mapping[str, LeftOut] = field(default_factory=dict)
    columns: tuple[str, ...] = ()
    home: Path | None = None

    def __len__(self) -> int:
        """Pictures in the set."""
        return len(self.items)


def count(items: Sequence[Item]) -> dict[str, dict[str, int]]:
    """Items per split and class, in the order train, val, test and by name of the class."""
    counts: dict[str, dict[str, int]] = {}
    for split in SPLITS:
        for item in sorted((i for i in items if i.split == split), key=lambda i: i.label):
            of_split = counts.setdefault(split, {})
            of_split[item.label] = of_split.get(item.label, 0) + 1
    return counts


def fingerprint(items: Sequence[Item], digests: Sequence[str]) -> str:
    """A digest over split, class, path and content of every picture: it changes when any of these does."""
    lines = sorted(f"{i.split}\t{i.label}\t{i.sample}\t{d}\n" for i, d in zip(items, digests, strict=True))
    return "sha256:" + hashlib.sha256("".join(lines).encode()).hexdigest()
