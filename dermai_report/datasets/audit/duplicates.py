"""Copies among the pictures of a set: the same bytes, or the same picture recompressed, resized, cropped, mirrored or relit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np

from dermai_report.datasets.audit import views
from dermai_report.datasets.audit.alignment import agreement
from dermai_report.datasets.audit.index import Candidates, candidates
from dermai_report.datasets.audit.thinning import best_of_each, in_turns

ALIKE = 0.8  # correlation of the coefficients through a window, from which on two pictures are laid over each other
SAME_GREYS, SAME_DETAILS = 0.9, 0.7  # correlations from which on they are copies; measured in benchmarks/audit
MOST = 16  # look-alikes that a picture is laid over; docs/decisions/0020 has what is lost by it
FLAT = 3.0  # standard deviation of the greys below which a picture shows too little to be told from others
BATCH = 512


class Copies(NamedTuple):
    """Pairs of near duplicates: (m,) numbers of the two pictures, how far their details agree (0.7 to 1), whether mirrored."""

    first: np.ndarray
    second: np.ndarray
    agreement: np.ndarray
    mirrored: np.ndarray


class _Matches(NamedTuple):
    """(m,) pairs of pictures that look alike: how much, who asked and was found, through which window, whether mirrored."""

    alike: np.ndarray
    asking: np.ndarray
    found: np.ndarray
    window: np.ndarray
    mirrored: np.ndarray

    def of(self, kept: np.ndarray | slice) -> _Matches:
        return _Matches(*(column[kept] for column in self))


def near_duplicates(
    thumbnails: np.ndarray, usable: np.ndarray, side: np.ndarray, advance: Callable[[], None], workers: int = 1
) -> tuple[Copies, int]:
    """Pairs, each once, among (n, 32, 32) greys that are `usable` (n,) and not flat, and how many pictures had more look-alikes than MOST.

    side (n,): the number of the split and class of each; look-alikes are taken from all sides in turn. advance: called after each picture.
    """
    contrast = np.concatenate([[], *(t.std(axis=(1, 2)) for t in np.array_split(thumbnails, len(thumbnails) // 4096 + 1))])
    matches, cut = _looking_alike(thumbnails, usable & (contrast > FLAT), side, advance)
    batches = [matches.of(slice(start, start + BATCH)) for start in range(0, len(matches.alike), BATCH)]
    with ThreadPoolExecutor(workers) as pool:
        done = list(pool.map(lambda batch: _copies(thumbnails, batch), batches))
    empty = Copies(*(np.zeros(0, kind) for kind in (int, int, float, bool)))
    return Copies(*(np.concatenate(column) for column in zip(empty, *done, strict=True))), int(cut.sum())


def identical(digests: Sequence[str]) -> list[list[int]]:
    """Groups of two or more pictures with the same digest; "" is none."""
    numbers: defaultdict[str, list[int]] = defaultdict(list)
    for number, digest in enumerate(digests):
        if digest:
            numbers[digest].append(number)
    return [group for group in numbers.values() if len(group) > 1]


def clusters(n: int, pairs: Iterable[tuple[int, int]]) -> list[list[int]]:
    """What pairs connect among n pictures, at first or second hand: groups of two or more, in order of their first member."""
    leader = list(range(n))

    def find(number: int) -> int:
        while leader[number] != number:
            leader[number] = number = leader[leader[number]]
        return number

    for one, other in pairs:
        low, high = sorted((find(one), find(other)))
        leader[high] = low
    members: defaultdict[int, list[int]] = defaultdict(list)
    for number in range(n):
        members[find(number)].append(number)
    return [group for group in members.values() if len(group) > 1]


def _looking_alike(
    thumbnails: np.ndarray, usable: np.ndarray, side: np.ndarray, advance: Callable[[], None]
) -> tuple[_Matches, np.ndarray]:
    """Pairs, each once, at most MOST of each picture that asks; which pictures (n,) had more."""
    parts = [_Matches(*(np.zeros(0, kind) for kind in (np.float32, np.int32, np.int32, np.uint8, bool)))]
    cut = np.zeros(len(side), bool)
    for found in candidates(thumbnails, usable, side):
        matches = _alike(thumbnails, found)
        kept = in_turns(matches.asking, side[matches.found], -matches.alike, MOST)
        cut[found.cut] = True
        cut[matches.asking[~kept]] = True
        parts.append(matches.of(kept))
        for _ in range(found.asked):
            advance()
    matches = _Matches(*(np.concatenate(column) for column in zip(*parts, strict=True)))
    low, high = np.minimum(matches.asking, matches.found), np.maximum(matches.asking, matches.found)
    return matches.of(best_of_each(low, high, -matches.alike)), cut


def _alike(thumbnails: np.ndarray, found: Candidates) -> _Matches:
    """The candidates whose coefficients correlate, each pair once, through the window that shows it best."""
    other = views.coefficients(thumbnails[found.found], whole=True)[:, 0]
    alike = views.correlation(found.coefficients, np.where(found.mirrored[:, None], other * views.odd(), other))
    rows = np.flatnonzero(alike >= ALIKE)
    rows = rows[best_of_each(found.asking[rows], found.found[rows], -alike[rows])]
    asking, others = found.asking[rows].astype(np.int32), found.found[rows].astype(np.int32)
    return _Matches(alike[rows], asking, others, found.window[rows].astype(np.uint8), found.mirrored[rows])


def _copies(thumbnails: np.ndarray, matches: _Matches) -> Copies:
    """Those of the matches that are copies once they are laid over each other."""
    _, asking, found, number, mirrored = matches
    window = np.array(views.windows(), np.float32)[number]
    larger = thumbnails[asking]
    larger = np.where(mirrored[:, None, None], larger[:, :, ::-1], larger)
    window[mirrored, 1] = 1 - window[mirrored, 1] - window[mirrored, 3]
    agreed = agreement(larger, thumbnails[found], window)
    same = (agreed.greys >= SAME_GREYS) & (agreed.details >= SAME_DETAILS)
    low, high = np.minimum(asking, found), np.maximum(asking, found)
    return Copies(low[same], high[same], agreed.details[same].astype(float), mirrored[same])
