"""Every picture decoded before training starts: a broken one is named then, not in the ninth epoch; the second start reuses it.

Decoded pixels lie in one file per data set and size, named by a digest of the pictures' bytes, so that it never is out of
date and any split of the set shares it. It is memory-mapped: 100,000 pictures of 224 pixels are 15 GB on the disk, and as much
of it in memory as is free. The file is safe to delete at any time.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
import PIL
import torch
from PIL import Image
from torch import Tensor

from dermai_report.datasets import decoding
from dermai_report.datasets.audit.glance import Header
from dermai_report.datasets.audit.glance import header as read_header
from dermai_report.datasets.items import Collection, Item
from dermai_report.errors import DermaiError
from dermai_report.files import write_atomically
from dermai_report.train.storage import Storage

DECODER = 1  # raise it when decoding.py gives other pixels
DAY = 86_400.0
T = TypeVar("T")
Count = Callable[[str, int], Callable[[], None]]


@dataclass(frozen=True)
class Decoded:
    """Pictures of a collection: `store` uint8 (m, side, side, 3), and for each readable item its row, its bytes' digest, and what
    its file says of it; the other items with what is wrong with them.
    """

    items: list[Item]
    store: Tensor
    rows: list[int]
    digests: list[str]
    headers: list[Header | None]
    unreadable: list[tuple[Item, str]]


def decode_all(
    collection: Collection, side: int, *, skip_bad: bool, count: Count, storage: Storage, folder: Path | None
) -> Decoded:
    """All pictures, in the collection's order; from the cache in `folder` where they are, which otherwise receives them.

    count(title, total) returns what is called after each picture. Raises DermaiError naming the first unreadable picture,
    unless `skip_bad`.
    """
    identified = list(
        _in_threads(lambda item: _identify(collection, item), collection.items, count("reading images", len(collection)))
    )
    digests = [digest for digest, _ in identified]
    unique = {d: item for d, item in zip(digests, collection.items, strict=True) if d and not d.startswith("!")}
    order = {digest: row for row, digest in enumerate(sorted(unique))}
    path = folder / f"{_key(order, side)}-{side}.npy" if folder and collection.cached else None
    known = _load(path, len(order), side) if path else None
    if known is None:
        items = [unique[d] for d in order]
        known = _decode(collection, items, side, skip_bad, count("decoding images", len(items)), storage, path)
    store, broken = known
    faults = {digest: broken[row] for digest, row in order.items() if row in broken}
    return _kept(collection, identified, order, faults, store, skip_bad)


def _decode(
    collection: Collection,
    items: Sequence[Item],
    side: int,
    skip_bad: bool,
    advance: Callable[[], None],
    storage: Storage,
    path: Path | None,
) -> tuple[Tensor, dict[int, str]]:
    """The pixels of the items, and by row what was wrong with the broken ones (their pixels stay black)."""
    shape, broken = (len(items), side, side, 3), dict[int, str]()

    def fill(pixels: np.ndarray) -> None:
        def work(item: Item) -> np.ndarray | str:
            try:
                return decoding.resize(collection.decode(collection.read(item), side), side)
            except (OSError, ValueError, Image.DecompressionBombError) as error:
                return str(error) or type(error).__name__

        for row, outcome in enumerate(_in_threads(work, items, advance)):
            if not isinstance(outcome, str):
                pixels[row] = outcome
            elif skip_bad:
                broken[row], pixels[row] = outcome, 0
            else:
                raise _unreadable(collection, items[row], outcome)

    def write(temporary: Path) -> None:
        pixels = np.lib.format.open_memmap(temporary, mode="w+", dtype=np.uint8, shape=shape)
        _reserve(temporary)
        fill(pixels)
        pixels.flush()

    if path is not None and items:
        try:
            _clear_leftovers(path.parent)
            write_atomically(path, write)
            write_atomically(path.with_suffix(".json"), json.dumps(broken))
        except DermaiError as error:
            if not isinstance(error.__cause__, OSError):
                raise
            broken.clear()  # a full disk or a folder that cannot be written to: train all the same, without the cache
        else:
            return torch.from_numpy(np.load(path, mmap_mode="c")), broken
    store = storage.array(shape, torch.uint8)
    fill(store.numpy())
    return store, broken


def _load(path: Path, n: int, side: int) -> tuple[Tensor, dict[int, str]] | None:
    """A cache file, or None where there is none that is whole."""
    try:
        broken = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        pixels = np.load(path, mmap_mode="c")  # copy on write: torch wants to be allowed to write, and nothing does
    except (OSError, ValueError, EOFError):
        return None
    if pixels.shape != (n, side, side, 3) or pixels.dtype != np.uint8:
        return None
    return torch.from_numpy(pixels), {int(row): str(text) for row, text in broken.items()}


def _kept(
    collection: Collection,
    identified: Sequence[tuple[str, Header | None]],
    order: dict[str, int],
    faults: dict[str, str],
    store: Tensor,
    skip_bad: bool,
) -> Decoded:
    """The readable items. Raises DermaiError for the first other one, unless `skip_bad`."""
    decoded = Decoded([], store, [], [], [], [])
    for item, (digest, header) in zip(collection.items, identified, strict=True):
        fault = digest[1:] if digest.startswith("!") else faults.get(digest)
        if fault is None:
            decoded.items.append(item)
            decoded.rows.append(order[digest])
            decoded.digests.append(digest)
            decoded.headers.append(header)
        elif skip_bad:
            decoded.unreadable.append((item, fault))
        else:
            raise _unreadable(collection, item, fault)
    return decoded


def _identify(collection: Collection, item: Item) -> tuple[str, Header | None]:
    """The digest of a picture's bytes (or "!" and what went wrong), and what they say of the picture."""
    try:
        data = collection.read(item)
    except OSError as error:
        return f"!{error}", None
    return hashlib.sha256(data).hexdigest(), read_header(data)


def _key(order: dict[str, int], side: int) -> str:
    text = "\n".join((f"{DECODER} {PIL.__version__} {side}", *order))
    return hashlib.sha256(text.encode()).hexdigest()[:20]


def _unreadable(collection: Collection, item: Item, fault: str) -> DermaiError:
    return DermaiError(
        f"cannot read image {collection.source}/{item.sample}: {fault}",
        "mend or remove it, or leave such images out with --skip-bad-images",
    )


def _in_threads(work: Callable[[Item], T], items: Sequence[Item], advance: Callable[[], None]) -> Iterator[T]:
    """`work` on every item, in order (Pillow and hashlib release the interpreter's lock); a window bounds what waits."""
    window = 256
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for start in range(0, len(items), window):
            for outcome in pool.map(work, items[start : start + window]):
                advance()
                yield outcome


def _reserve(path: Path) -> None:
    """Take the room on the disk now: when it is full, that is an error here, but a crash when a mapped page is written."""
    if hasattr(os, "posix_fallocate"):
        with path.open("rb+") as file:
            os.posix_fallocate(file.fileno(), 0, path.stat().st_size)


def _clear_leftovers(folder: Path) -> None:
    """Remove what processes killed more than a day ago left half written."""
    for temporary in folder.glob(".*.tmp"):
        with contextlib.suppress(OSError):
            if time.time() - temporary.stat().st_mtime > DAY:
                temporary.unlink()
