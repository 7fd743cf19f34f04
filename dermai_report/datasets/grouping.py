"""What belongs together: images of one patient, one lesion, one source must not stand on two sides of a split."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

from dermai_report.datasets.items import SPLITS, Collection, Item
from dermai_report.datasets.rows import read_rows
from dermai_report.errors import DermaiError, unknown_name


def with_metadata(collection: Collection, path: Path) -> Collection:
    """The items with the group, the split and the further columns that a table has for them.

    A row is found by its path, by the file's name, or by that without its ending, whichever names every image once. Raises
    DermaiError for images without a row, and for a split that is not that of the folders.
    """
    rows = read_rows(path)
    row_of = _match([item.sample for item in collection.items], rows.path, path)
    extra = list(zip(*rows.extra.values(), strict=True)) if rows.extra else [()] * len(rows)
    if collection.columns:
        raise DermaiError(f"{collection.source} has columns of its own, and so has {path}", "leave out --metadata")
    has_splits = {item.split for item in collection.items} != {"train"}
    items = []
    for item, row in zip(collection.items, row_of, strict=True):
        split = rows.split[row] if rows.split else item.split
        if has_splits and split != item.split:
            raise DermaiError(
                f"{item.sample} is in {item.split}, and in {split} by {path}", "remove the column split from the table"
            )
        items.append(replace(item, split=split, group=rows.group[row] if rows.group else item.group, extra=extra[row]))
    return replace(collection, items=items, columns=tuple(rows.extra))


def _match(samples: Sequence[str], paths: Sequence[str], table: Path) -> list[int]:
    """For each sample the row that is of it."""
    best, example = 0, samples[0] if samples else ""
    for key in (lambda p: p, lambda p: PurePosixPath(p).name, lambda p: PurePosixPath(p).stem):
        repeated = {k for counts in (Counter(map(key, paths)), Counter(map(key, samples))) for k, n in counts.items() if n > 1}
        rows = {k: n for n, p in enumerate(paths) if (k := key(p)) not in repeated}
        found = [rows.get(key(sample)) for sample in samples]
        if None not in found:
            return [row for row in found if row is not None]
        if len(found) - found.count(None) >= best:
            best, example = len(found) - found.count(None), samples[found.index(None)]
    raise DermaiError(
        f"{table} has a row of its own for {best} of {len(samples)} images, and none for {example}",
        "each image needs one, named by its path below the data folder, or by its file name where that is unique",
    )


def by_column(collection: Collection, column: str) -> Collection:
    """The items grouped by one of the further columns, such as patient_id, which is then no further column."""
    if column not in collection.columns:
        raise unknown_name("column", column, collection.columns, f" with groups in {collection.source}")
    place = collection.columns.index(column)
    items = [
        replace(item, group=item.extra[place] or item.sample, extra=(*item.extra[:place], *item.extra[place + 1 :]))
        for item in collection.items
    ]
    return replace(collection, items=items, columns=tuple(name for name in collection.columns if name != column))


def by_regex(collection: Collection, pattern: str) -> Collection:
    """The items grouped by what a pattern finds in their paths: its first parenthesis, or all of it.

    Raises DermaiError where it finds nothing in some path, or the same in all.
    """
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise DermaiError(f"{pattern!r} is no regular expression: {error}", r"such as --group-regex '(patient\d+)_'") from None
    groups = []
    for item in collection.items:
        found = compiled.search(item.sample)
        if not found or not (group := found[1 if compiled.groups else 0]):
            raise DermaiError(f"{pattern!r} finds no group in {item.sample}", "every path must have one")
        groups.append(group)
    if len(set(groups)) == 1:
        raise DermaiError(f"{pattern!r} finds the same group, {groups[0]!r}, in all paths", "a split needs several groups")
    return replace(collection, items=[replace(item, group=group) for item, group in zip(collection.items, groups, strict=True)])


def with_clusters(collection: Collection, clusters: Iterable[Sequence[str]]) -> Collection:
    """The items with the groups joined whose images are copies of each other; an item without a group is one of its own."""
    parent = {item.group or item.sample: item.group or item.sample for item in collection.items}
    group_of = {item.sample: item.group or item.sample for item in collection.items}

    def root(group: str) -> str:
        while parent[group] != group:
            parent[group] = group = parent[parent[group]]
        return group

    for cluster in clusters:
        first, *others = (root(group_of[sample]) for sample in cluster)
        for other in others:
            low, high = sorted((root(first), root(other)))
            parent[high] = low
    return replace(collection, items=[replace(item, group=root(group_of[item.sample])) for item in collection.items])


def straddling(items: Sequence[Item]) -> dict[str, list[str]]:
    """Groups with images in two splits, by the splits ("train-test"), in order."""
    splits: dict[str, set[str]] = {}
    for item in items:
        if item.group is not None:
            splits.setdefault(item.group, set()).add(item.split)
    found: dict[str, list[str]] = {}
    for group, present in sorted(splits.items()):
        ordered = [split for split in SPLITS if split in present]
        for n, first in enumerate(ordered):
            for second in ordered[n + 1 :]:
                found.setdefault(f"{first}-{second}", []).append(group)
    return found
