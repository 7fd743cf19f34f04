"""Which pictures may be copies of each other, without comparing all with all: a table of keys, asked through every window.

The key of a picture are its lowest frequencies (`views`), enough for about one picture a cell. A copy differs from the window that shows
the same in the bits whose coefficients are nearest to zero, so each window asks the cells of all combinations of its WEAKEST bits. What it
guarantees: every picture is found whose whole differs from some window, mirrored or not, in no other bits of the key than these, and in at
most FAR of all 63, unless it lies in a crowded cell. The time grows with the number of pictures, not its square: the key grows with the
logarithm, and of a cell no more than CROWD pictures are looked at, those next to the window in the order of the further bits.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from dermai_report.datasets.audit import views
from dermai_report.datasets.audit.thinning import best_of_each, in_turns

BITS = 63
SHORTEST, LONGEST = 16, 24  # bits of a key; 2**24 cells take 128 MB
WEAKEST = 4  # bits of a key of 16 that may differ, and one more for every four further bits
FAR = 12  # bits of 63: 99.7 % of planted crops differ in no more through their best window, and different pictures in 32 on average
CROWD = 64  # pictures of a cell; only sets in which very many look alike have fuller ones
LOOKED = 32  # pictures found by one whose coefficients are correlated with its own
CHUNK = 128  # pictures asked about at a time


class Candidates(NamedTuple):
    """Pairs that may be copies: (m,) numbers of the asking and the found picture, the window asked through, whether mirrored,
    and the (m, 63) coefficients through it; `asked` pictures were asked about, and of these `cut` had more than were looked at.
    """

    asking: np.ndarray
    found: np.ndarray
    window: np.ndarray
    mirrored: np.ndarray
    coefficients: np.ndarray
    asked: int
    cut: np.ndarray


def candidates(thumbnails: np.ndarray, usable: np.ndarray, side: np.ndarray) -> Iterator[Candidates]:
    """Pairs among (n, 32, 32) uint8 greys; `usable` (n,): those with enough contrast for signs to mean anything; side (n,): the
    number of its split and class.
    """
    number = np.flatnonzero(usable)
    if len(number) < 2:
        return
    whole = np.concatenate([_whole(thumbnails[part]) for part in _parts(number, 8192)])
    length = max(SHORTEST, min(LONGEST, math.ceil(math.log2(len(number)))))
    table = _Table(whole, length)
    combined = WEAKEST + (length - SHORTEST) // 4
    for part in _parts(np.arange(len(number)), CHUNK):
        seen = views.coefficients(thumbnails[number[part]])
        found, crowded = table.ask(seen, combined)
        found = found.of(part[found.asking] != found.found)
        kept = _closest(found, side[number])
        cut = number[part[crowded | np.bincount(found.asking[~kept], minlength=len(part)).astype(bool)]]
        found = found.of(kept)
        asking, others = number[part[found.asking]], number[found.found]
        yield Candidates(asking, others, found.window, found.mirrored, seen[found.asking, found.window], len(part), cut)


class _Found(NamedTuple):
    """(m,) which of those asked about, what was found, through which window, whether mirrored, in how many bits it differs."""

    asking: np.ndarray
    found: np.ndarray
    window: np.ndarray
    mirrored: np.ndarray
    distance: np.ndarray

    def of(self, kept: np.ndarray) -> _Found:
        return _Found(*(column[kept] for column in self))


class _Table:
    """Pictures by their bits: those of cell k, which begin with k, are order[start[k]:start[k + 1]]."""

    def __init__(self, whole: np.ndarray, length: int) -> None:
        self.length = length
        self.rest = np.uint64(BITS - length)
        self.order = np.argsort(whole, kind="stable").astype(np.int32)
        self.whole = whole[self.order]
        self.start = np.zeros((1 << length) + 1, np.int32)
        np.cumsum(np.bincount((whole >> self.rest).astype(np.int64), minlength=1 << length), out=self.start[1:])

    def ask(self, seen: np.ndarray, combined: int) -> tuple[_Found, np.ndarray]:
        """What (n, windows, 63) coefficients find, and which of the n (n,) came to a crowded cell."""
        n, windows = seen.shape[:2]
        weak = np.argpartition(np.abs(seen[..., : self.length]), combined - 1, axis=-1)[..., :combined]
        flips = _combinations(self.length - 1 - weak)  # (n, windows, 2**combined)
        straight = views.bits(seen)
        both = np.stack([straight, straight ^ views.mirror()], axis=-1)  # (n, windows, 2)
        cells = ((both >> self.rest).astype(np.int32)[..., None] ^ flips[:, :, None, :]).reshape(-1)
        both = both.reshape(-1)
        start = self.start[cells]
        count = self.start[cells + 1] - start
        crowded = np.flatnonzero(count > CROWD)
        asked = both[crowded >> combined] & ((np.uint64(1) << self.rest) - np.uint64(1))
        nearest = np.searchsorted(self.whole, cells[crowded].astype(np.uint64) << self.rest | asked) - CROWD // 2
        start[crowded] = nearest.clip(start[crowded], start[crowded] + count[crowded] - CROWD)
        count[crowded] = CROWD
        hit = np.flatnonzero(count)
        count = count[hit]
        source = np.repeat(hit >> combined, count)  # the place in `both`
        place = np.arange(len(source)) - np.repeat(np.cumsum(count) - count, count) + np.repeat(start[hit], count)
        distance = np.bitwise_count(both[source] ^ self.whole[place])
        near = distance <= FAR
        source, place = source[near], place[near]
        view = source >> 1
        full = np.bincount((crowded >> combined + 1) // windows, minlength=n).astype(bool)
        found = self.order[place].astype(np.int64)
        return _Found(view // windows, found, view % windows, (source & 1).astype(bool), distance[near]), full


def _closest(found: _Found, side: np.ndarray) -> np.ndarray:
    """Which (m,) to look at: those of the pictures that differ least."""
    best = best_of_each(found.asking, found.found, found.distance)
    kept = best[in_turns(found.asking[best], side[found.found[best]], found.distance[best], LOOKED)]
    if len(kept) == len(best):
        return np.ones(len(found.asking), bool)
    pair = found.asking * (found.found.max() + 1) + found.found
    return np.isin(pair, pair[kept])


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
