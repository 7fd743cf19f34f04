"""From copies, by number, to the pairs that are worth telling: for each picture its closest copy in each split and class."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations, product

from dermai_report.audit import Image, Pair
from dermai_report.datasets.audit.duplicates import Copies
from dermai_report.datasets.items import SPLITS, Item

_Found = tuple[float, int, int, bool]  # agreement, the two numbers, whether mirrored


def pairs(items: Sequence[Item], same: Sequence[Sequence[int]], near: Copies) -> list[Pair]:
    """The pairs, across splits first, then the closest; training before validation and test within a pair.

    A thousand copies of one picture make half a million pairs. Told are at most as many as there are pictures times splits
    and classes, and every picture with a copy on another side has one that shows it, unless
    it has more look-alikes than are looked at.
    """
    faces = {group[0]: _faces(items, group) for group in same}
    found = list(_identical(items, same)) + list(_near(near, faces))
    found.sort(key=lambda f: (-f[0], f[1], f[2]))
    told: set[tuple[int, str, str]] = set()
    kept = []
    for agreement, one, other, mirrored in found:
        keys = {(one, items[other].split, items[other].label), (other, items[one].split, items[one].label)}
        if not keys <= told:
            told |= keys
            kept.append(_pair(items, agreement, one, other, mirrored))
    return sorted(kept, key=lambda p: (not p.across_splits, not p.across_classes))


def image(item: Item) -> Image:
    """The item as it stands in audit.json."""
    return Image(sample=item.sample, label=item.label, split=item.split)


def _faces(items: Sequence[Item], group: Sequence[int]) -> list[int]:
    """Of pictures with the same bytes the first of each split and class."""
    first: dict[tuple[str, str], int] = {}
    for number in group:
        first.setdefault((items[number].split, items[number].label), number)
    return list(first.values())


def _identical(items: Sequence[Item], same: Sequence[Sequence[int]]) -> Iterator[_Found]:
    for group in same:
        faces = _faces(items, group)
        by_side = {(items[face].split, items[face].label): face for face in faces}
        yield from ((2.0, one, other, False) for one, other in combinations(faces, 2))
        for number in group:
            face = by_side[items[number].split, items[number].label]
            if number != face:
                yield 2.0, face, number, False
                yield from ((2.0, other, number, False) for other in faces if other != face)


def _near(near: Copies, faces: dict[int, list[int]]) -> Iterator[_Found]:
    for one, other, agreement, mirrored in zip(*(column.tolist() for column in near), strict=True):
        for a, b in product(faces.get(one, [one]), faces.get(other, [other])):
            yield min(agreement, 1.0), a, b, mirrored


def _pair(items: Sequence[Item], agreement: float, one: int, other: int, mirrored: bool) -> Pair:
    first, second = sorted((items[one], items[other]), key=lambda item: (SPLITS.index(item.split), item.sample))
    return Pair(
        first=image(first),
        second=image(second),
        kind="same bytes" if agreement > 1 else "near duplicate",
        agreement=round(min(agreement, 1.0), 3),
        mirrored=mirrored,
    )
