"""From what was asked for to a collection: opened, its classes chosen, its groups known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from dermai_report.datasets import grouping
from dermai_report.datasets.choice import choose
from dermai_report.datasets.collections import open_collection
from dermai_report.datasets.items import Collection


@dataclass(frozen=True)
class Wish:
    """What is asked for. data, root: see collections/; exclude, only: classes; the rest says what belongs together."""

    data: str
    root: str = ""
    exclude: Sequence[str] = ()
    only: Sequence[str] = ()
    metadata: str = ""
    group_column: str = ""
    group_regex: str = ""
    duplicates_together: bool = False


def open_data(wish: Wish, progress: Callable[[str, int], Callable[[], None]] | None = None) -> Collection:
    """The collection, before any split is held out. progress(title, total) returns what is called after each picture.

    Raises DermaiError for what cannot be read or does not fit.
    """
    collection = choose(open_collection(wish.data, wish.root), wish.exclude, wish.only)
    if wish.metadata:
        collection = grouping.with_metadata(collection, Path(wish.metadata))
    if wish.group_column:
        collection = grouping.by_column(collection, wish.group_column)
    if wish.group_regex:
        collection = grouping.by_regex(collection, wish.group_regex)
    if wish.duplicates_together:
        from dermai_report.datasets.audit import duplicate_clusters

        collection = grouping.with_clusters(collection, duplicate_clusters(collection, progress))
    return collection
