"""Which pictures may be copies of each other, without comparing all with all: a table of keys, asked through every window.

The key of a picture is its lowest bits (`views`), enough for about one picture a cell. A copy differs from the window that shows
the same in the bits whose coefficients are nearest to zero, so each window asks the cells of all combinations of its WEAKEST bits. What it
guarantees: every picture is found whose whole differs from some window, mirrored or not, in no other bits of the key than these, and in at
most FAR of all 63. The time grows with the number of pictures, not its square: the key grows with the logarithm.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from dermai_report.datasets.audit import views

SHORTEST, LONGEST = 16, 24  # bits of a key; 2**24 cells take 128 MB
WEAKEST = 4  # bits of a key of 16 that may differ, and one more for every four further bits
FAR = 12  # bits of 63: 99.7 % of planted crops differ in no more through their best window, and different pictures in 32 on average
CHUNK = 128  # pictures asked about at a time


class Candidates(NamedTuple):
    """Pairs that may be copies: (m,) numbers of the asking and the found picture, the window asked through, whether mirrored,
    and the (m, 63) coefficients through it; `asked` pictures were asked about.
    """

    asking: np.ndarray
    found: np.ndarray
    window: np.ndarray
    mirrored: np.ndarray
    coefficients: np.ndarray
    asked: int


def candidates(thumbnails: np.ndarray, usable: np.ndarray) -> Iterator[Candidates]:
    """Pairs among (n, 32, 32) uint8 greys; `usable` (n,): those with enough contrast for signs to mean anything."""
    number = np.flatnonzero(usable)
    if len(number) < 2:
        return
    whole = np.concatenate([_whole(thumbnails[part]) for part in _parts(number, 8192)])
    length = max(SHORTEST, min(LONGEST, math.ceil(math.log2(len(number)))))
    table = _Table(whole, length)
    combined = WEAKEST + (length - SHORTEST) // 4
    for part in _parts(np.arange(len(number)), CHUNK):
        seen = views.coefficients(thumbnails[number[part]])
        asked, found, window, mirrored = table.ask(seen, combined)
        other = part[asked] != found
        asked, found, window, mirrored = asked[other], found[other], window[other], mirrored[other]
        yield Candidates(number[part[asked]], number[found], window, mirrored, seen[asked, window], len(part))


class _Table:
    """Pictures by key: those of cell k are order[start[k]:start[k + 1]]."""

    def __init__(self, whole: np.ndarray, length: int) -> None:
        self.length = length
        self.mask = np.uint64((1 << length) - 1)
        key = (whole & self.mask).astype(np.int64)
        self.order = np.argsort(key, kind="stable").astype(np.int32)
        self.start = np.zeros((1 << length) + 1, np.int32)
        np.cumsum(np.bincount(key, minlength=1 << length), out=self.start[1:])
        self.whole = whole[self.order]

    def ask(self, seen: np.ndarray, combined: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """For (n, windows, 63) coefficients: which of the n asked, what was found, through which window, whether mirrored."""
        windows = seen.shape[1]
        weak = np.argpartition(np.abs(seen[..., : self.length]), combined - 1, axis=-1)[..., :combined]
        flips = _combinations(weak)  # (n, windows, 2**combined)
        straight = views.bits(seen)
        both = np.stack([straight, straight ^ views.mirror()], axis=-1)  # (n, windows, 2)
        cells = ((both[..., None] & self.mask).astype(np.int32) ^ flips[:, :, None, :]).reshape(-1)
        start = self.start[cells]
        count = self.start[cells + 1] - start
        hit = np.flatnonzero(count)
        count = count[hit]
        source = np.repeat(hit >> combined, count)  # the place in `both`
        place = np.arange(len(source)) - np.repeat(np.cumsum(count) - count, count) + np.repeat(start[hit], count)
        near = np.bitwise_count(both.reshape(-1)[source] ^ self.whole[place]) <= FAR
        source, place = source[near], place[near]
        view = source >> 1
        return view // windows, self.order[place].astype(np.int64), view % windows, (source & 1).astype(bool)


def _whole(thumbnails: np.ndarray) -> np.ndarray:
    return views.bits(views.coefficients(thumbnails, whole=True)[:, 0])


def _combinations(weak: np.ndarray) -> np.ndarray:
    """int32 (..., 2**u): every combination of the (..., u) bits, as what to flip."""
    flips = np.zeros((*weak.shape[:-1], 1), np.int32)
    for place in range(weak.shape[-1]):
        flips = np.concatenate([flips, flips ^ (1 << weak[..., place : place + 1]).astype(np.int32)], axis=-1)
    return flips


def _parts(numbers: np.ndarray, size: int) -> Iterator[np.ndarray]:
    for start in range(0, len(numbers), size):
        yield numbers[start : start + size]
