"""Decode every picture once, before training starts: a broken one is named then, not in the ninth epoch."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from PIL import Image

from dermai_report.errors import DermaiError
from dermai_report.train import decoding
from dermai_report.train.items import Collection, Item

Advance = Callable[[], None]


@dataclass(frozen=True)
class Decoded:
    """Pictures of a collection in its order: uint8 (n, side, side, 3), and the digest of each one's bytes."""

    items: list[Item]
    pixels: np.ndarray
    digests: list[str]
    unreadable: list[str]


def decode_all(collection: Collection, side: int, *, skip_bad: bool, advance: Advance) -> Decoded:
    """All pictures, decoded by threads (Pillow releases the interpreter's lock) in the collection's order.

    Raises DermaiError naming the first unreadable picture, unless `skip_bad`.
    """
    pixels = np.empty((len(collection.items), side, side, 3), np.uint8)
    kept: list[Item] = []
    digests: list[str] = []
    unreadable: list[str] = []
    for item, outcome in _outcomes(collection, side):
        advance()
        if isinstance(outcome, tuple):
            pixels[len(kept)], digest = outcome
            kept.append(item)
            digests.append(digest)
        elif skip_bad:
            unreadable.append(item.sample)
        else:
            raise DermaiError(
                f"cannot read image {collection.source}/{item.sample}: {outcome}",
                "mend or remove it, or leave such images out with --skip-bad-images",
            )
    return Decoded(kept, pixels[: len(kept)], digests, unreadable)


def fingerprint(items: Sequence[Item], digests: Sequence[str]) -> str:
    """A digest over split, class, path and content of every picture: it changes when any of these does."""
    lines = sorted(f"{i.split}\t{i.label}\t{i.sample}\t{d}\n" for i, d in zip(items, digests, strict=True))
    return "sha256:" + hashlib.sha256("".join(lines).encode()).hexdigest()


def _outcomes(collection: Collection, side: int) -> Iterator[tuple[Item, tuple[np.ndarray, str] | Exception]]:
    """Each item with its pixels and digest, or with what went wrong; a window bounds what waits in memory."""

    def work(item: Item) -> tuple[np.ndarray, str] | Exception:
        try:
            data = collection.read(item)
            return decoding.resize(collection.decode(data, side), side), hashlib.sha256(data).hexdigest()
        except (OSError, ValueError, Image.DecompressionBombError) as error:
            return error

    window = 256
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for start in range(0, len(collection.items), window):
            part = collection.items[start : start + window]
            yield from zip(part, pool.map(work, part), strict=True)
