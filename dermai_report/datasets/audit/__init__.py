"""What is in a data set, and what is wrong with it: found by looking at every picture once.

    duplicate_clusters(collection: Collection, progress=None, workers=1) -> list[list[str]]

gives the groups of pictures that are copies of each other, as their identifiers (Item.sample): the same bytes, or the same picture
recompressed, resized, cropped by up to a fifth of a side, mirrored or relit. A picture that is no copy is in no group, and one that
cannot be read in none either. This is what a split has to keep on one side.
"""

from __future__ import annotations

from collections.abc import Callable

from dermai_report.datasets.audit.assembly import Duplicates, assemble, find_duplicates
from dermai_report.datasets.audit.facts import Facts, Progress, look_at_all
from dermai_report.datasets.items import Collection

__all__ = ["Duplicates", "Facts", "Progress", "assemble", "duplicate_clusters", "find_duplicates", "inspect", "silent"]


def silent(title: str, total: int) -> Callable[[], None]:
    """A progress that nobody sees."""
    return lambda: None


def inspect(collection: Collection, progress: Progress = silent, workers: int = 1) -> tuple[Facts, Duplicates]:
    """Look at every picture, then for copies among them. progress(title, total) returns what is called after each picture."""
    facts = look_at_all(collection, progress, workers)
    return facts, find_duplicates(facts, progress("looking for copies", len(facts)), workers)


def duplicate_clusters(collection: Collection, progress: Progress | None = None, workers: int = 1) -> list[list[str]]:
    """Groups of two or more pictures that are copies of each other, at first or second hand, by identifier.

    progress(title, total) returns what is called after each picture; workers: processes that decode.
    """
    facts, found = inspect(collection, progress or silent, workers)
    return [[facts.items[number].sample for number in cluster] for cluster in found.clusters(len(facts))]
