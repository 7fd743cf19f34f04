"""Every picture of a data set looked at once: read, decoded small, and summed up in about a kilobyte.

Thumbnails lie in a mapped file without a name, so that the memory that a million pictures take is the system's to give and take
back. Files are read by processes of their own where their reader can be sent there: of a small picture, most of the time goes into
Python, which threads cannot share.
"""

from __future__ import annotations

import hashlib
import multiprocessing
import pickle
import sys
import tempfile
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from PIL import Image

from dermai_report.datasets.audit.glance import Glance, Header, glance, header
from dermai_report.datasets.audit.views import SIDE
from dermai_report.datasets.items import Collection, Item

Progress = Callable[[str, int], Callable[[], None]]
BATCH = 64  # pictures a task
FEW = 1000  # pictures for which starting processes takes longer than it saves


class Look(NamedTuple):
    """What was seen of one picture: the digest of its bytes, and its header and a glance at it, or what is wrong with it."""

    digest: str
    header: Header | None
    glance: Glance | None
    fault: str = ""


@dataclass(frozen=True)
class Facts:
    """What was seen of each picture of a set, in its order; digest "" and a fault for those that cannot be read.

    thumbnail uint8 (n, 32, 32), sharpness float32 (n,), readable bool (n,); faults by number.
    """

    items: Sequence[Item]
    digest: Sequence[str]
    header: Sequence[Header | None]
    thumbnail: np.ndarray
    sharpness: np.ndarray
    readable: np.ndarray
    faults: dict[int, str]

    def __len__(self) -> int:
        """Pictures, the unreadable ones included."""
        return len(self.items)


def gather(items: Sequence[Item], looks: Iterable[Look]) -> Facts:
    """One look for each item, in their order, as columns."""
    n = len(items)
    thumbnail, sharpness = room(n), np.zeros(n, np.float32)
    digest, headers, faults = list[str](), list[Header | None](), dict[int, str]()
    known: dict[Header | None, Header | None] = {}
    for number, look in enumerate(looks):
        digest.append(look.digest)
        headers.append(known.setdefault(look.header, look.header))  # a data set has few sizes: one object for each
        if look.glance is not None:
            thumbnail[number], sharpness[number] = look.glance
        else:
            faults[number] = look.fault
    readable = np.ones(n, bool)
    readable[list(faults)] = False
    return Facts(items, digest, headers, thumbnail, sharpness, readable, faults)


def room(n: int) -> np.ndarray:
    """uint8 (n, 32, 32) in a mapped file that vanishes with the process."""
    with tempfile.TemporaryFile() as file:
        return np.memmap(file, np.uint8, "w+", shape=(n, SIDE, SIDE)) if n else np.zeros((0, SIDE, SIDE), np.uint8)


def look_at_all(collection: Collection, progress: Progress, workers: int = 1) -> Facts:
    """Read and decode every picture; workers: processes (or threads, where the reader cannot leave this one)."""
    advance = progress("looking at images", len(collection))
    return gather(collection.items, _looks(collection, advance, workers))


def _looks(collection: Collection, advance: Callable[[], None], workers: int) -> Iterator[Look]:
    if workers <= 1 or len(collection) < FEW:
        for item in collection.items:
            yield look(collection.read, collection.decode, item)
            advance()
        return
    with _pool(collection, workers) as pool:
        waiting: deque[Future[list[Look]]] = deque()
        for start in range(0, len(collection), BATCH):
            batch = collection.items[start : start + BATCH]
            waiting.append(pool.submit(_look_at, collection.read, collection.decode, batch))
            if len(waiting) > 4 * workers:  # no more in flight than keeps all busy: memory stays flat
                yield from _done(waiting.popleft(), advance)
        while waiting:
            yield from _done(waiting.popleft(), advance)


def _done(batch: Future[list[Look]], advance: Callable[[], None]) -> Iterator[Look]:
    for seen in batch.result():
        yield seen
        advance()


def _pool(collection: Collection, workers: int) -> Executor:
    main = sys.modules["__main__"]
    try:
        pickle.dumps((collection.read, collection.decode))
    except (pickle.PicklingError, AttributeError, TypeError):
        return ThreadPoolExecutor(workers)
    if not getattr(main, "__spec__", None) and not getattr(main, "__file__", None):  # an interactive session
        return ThreadPoolExecutor(workers)
    return ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn"))


def _look_at(read: Callable[[Item], bytes], decode: Callable[[bytes, int], Image.Image], items: Sequence[Item]) -> list[Look]:
    return [look(read, decode, item) for item in items]


def look(read: Callable[[Item], bytes], decode: Callable[[bytes, int], Image.Image], item: Item) -> Look:
    """One picture; what is wrong with a broken one is in the words of its decoder."""
    try:
        data = read(item)
    except OSError as error:
        return Look("", None, None, str(error))
    digest = hashlib.sha256(data).hexdigest()
    try:
        return Look(digest, header(data), glance(decode(data, SIDE)))
    except (OSError, ValueError, Image.DecompressionBombError) as error:
        return Look(digest, header(data), None, str(error) or type(error).__name__)
