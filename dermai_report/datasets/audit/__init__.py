"""What is in a data set, and what is wrong with it: found by looking at every picture once.

    duplicate_clusters(collection: Collection, progress=None, workers=1) -> list[list[str]]

gives the groups of pictures that are copies of each other, as their identifiers (Item.sample): the same bytes, or the same picture
recompressed, resized, cropped by up to a fifth of a side, mirrored or relit. A picture that is no copy is in no group, and one that
cannot be read in none either. This is what a split has to keep on one side.
"""

from __future__ import annotations

import numpy as np

from dermai_report.datasets.audit.duplicates import clusters, identical, near_duplicates
from dermai_report.datasets.audit.facts import Facts, Progress, look_at_all
from dermai_report.datasets.items import Collection

LEAST_SIDE = 32  # pixels: what is smaller shows too little to tell a copy from a picture that looks alike


def duplicate_clusters(collection: Collection, progress: Progress | None = None, workers: int = 1) -> list[list[str]]:
    """Groups of two or more pictures that are copies of each other, at first or second hand, by identifier.

    progress(title, total) returns what is called after each picture; workers: processes that decode.
    """
    report = progress or (lambda title, total: lambda: None)
    facts = look_at_all(collection, report, workers)
    same = identical(facts.digest)
    near = near_duplicates(facts.thumbnail, comparable(facts, same), lambda n: None, workers)
    pairs = [(group[0], other) for group in same for other in group[1:]]
    pairs += zip(near.first.tolist(), near.second.tolist(), strict=True)
    return [[facts.items[number].sample for number in group] for group in clusters(len(facts), pairs)]


def comparable(facts: Facts, same: list[list[int]]) -> np.ndarray:
    """Which pictures (n,) are looked at for near duplicates: readable, not tiny, and of the same bytes only the first."""
    large = [h is not None and min(h.width, h.height) >= LEAST_SIDE for h in facts.header]
    usable: np.ndarray = facts.readable & np.array(large, bool)
    usable[[number for group in same for number in group[1:]]] = False
    return usable
