"""Copies among the pictures of a set: the same bytes, or the same picture recompressed, resized, cropped, mirrored or relit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np

from dermai_report.datasets.audit import views
from dermai_report.datasets.audit.alignment import agreement
from dermai_report.datasets.audit.index import Candidates, candidates

ALIKE = 0.8  # correlation of the coefficients through a window, from which on two pictures are laid over each other
SAME_GREYS, SAME_DETAILS = 0.9, 0.7  # correlations from which on they are copies; measured in benchmarks/audit
FLAT = 3.0  # standard deviation of the greys below which a picture shows too little to be told from others
BATCH = 512


class Copies(NamedTuple):
    """Pairs of near duplicates: (m,) numbers of the two pictures, how far their details agree (0.7 to 1), whether mirrored."""

    first: np.ndarray
    second: np.ndarray
    agreement: np.ndarray
    mirrored: np.ndarray


class _Match(NamedTuple):
    """Two pictures that look alike: how much, who asked and was found, through which window, whether mirrored."""

    alike: float
    asking: int
    found: int
    window: int
    mirrored: bool


def near_duplicates(thumbnails: np.ndarray, usable: np.ndarray, advance: Callable[[], None], workers: int = 1) -> Copies:
    """Pairs, each once, among (n, 32, 32) greys that are `usable` (n,) and not flat. advance: called
    after each picture."""
    contrast = np.concatenate([[], *(t.std(axis=(1, 2)) for t in np.array_split(thumbnails, len(thumbnails) // 4096 + 1))])
    best: dict[tuple[int, int], _Match] = {}
    for found in candidates(thumbnails, usable & (contrast > FLAT)):
        for match in _alike(thumbnails, found):
            pair = (min(match.asking, match.found), max(match.asking, match.found))
            if pair not in best or match > best[pair]:
                best[pair] = match
        for _ in range(found.asked):
            advance()
    matches = [match for _, match in sorted(best.items())]
    batches = [matches[start : start + BATCH] for start in range(0, len(matches), BATCH)]
    with ThreadPoolExecutor(workers) as pool:
        done = list(pool.map(lambda batch: _copies(thumbnails, batch), batches))
    empty = Copies(*(np.zeros(0, kind) for kind in (int, int, float, bool)))
    return Copies(*(np.concatenate(column) for column in zip(empty, *done, strict=True)))


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


def _alike(thumbnails: np.ndarray, found: Candidates) -> Iterator[_Match]:
    """The candidates whose coefficients correlate."""
    other = views.coefficients(thumbnails[found.found], whole=True)[:, 0]
    alike = views.correlation(found.coefficients, np.where(found.mirrored[:, None], other * views.odd(), other))
    for n in np.flatnonzero(alike >= ALIKE).tolist():
        asking, other_one, window = (int(column[n]) for column in (found.asking, found.found, found.window))
        yield _Match(float(alike[n]), asking, other_one, window, bool(found.mirrored[n]))


def _copies(thumbnails: np.ndarray, matches: Sequence[_Match]) -> Copies:
    """Those of the matches that are copies once they are laid over each other."""
    _, asking, found, number, mirrored = (np.array(column) for column in zip(*matches, strict=True))
    window = np.array(views.windows(), np.float32)[number]
    larger = thumbnails[asking]
    larger = np.where(mirrored[:, None, None], larger[:, :, ::-1], larger)
    window[mirrored, 1] = 1 - window[mirrored, 1] - window[mirrored, 3]
    agreed = agreement(larger, thumbnails[found], window)
    same = (agreed.greys >= SAME_GREYS) & (agreed.details >= SAME_DETAILS)
    low, high = np.minimum(asking, found), np.maximum(asking, found)
    return Copies(low[same], high[same], agreed.details[same].astype(float), mirrored[same])
