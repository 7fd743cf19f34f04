"""The facts of every picture, put together to an audit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from dermai_report import wording
from dermai_report.audit import Audit, Labels, Poor, Size, Unreadable
from dermai_report.datasets.audit.duplicates import MOST, Copies, clusters, identical, near_duplicates
from dermai_report.datasets.audit.facts import Facts
from dermai_report.datasets.audit.groups import groups
from dermai_report.datasets.audit.pairs import image, pairs
from dermai_report.datasets.audit.poverty import TINY, poor
from dermai_report.datasets.items import count, fingerprint

MOST_SIZES = 20
NO_GROUPS = "Nobody said what belongs together (a patient, a lesion): whether groups straddle splits was not looked at."
CROWDED = (
    "{} may have more copies than were looked at ({} look-alikes of an image, from each split and class in turn): "
    "there are at least the copies told here, and clusters may be larger."
)
NO_PREDICTIONS = "No predictions were given: labels were only held against those of copies."


@dataclass(frozen=True)
class Duplicates:
    """The copies in a data set: groups of numbers with the same bytes, near duplicates among the others, how many were compared,
    and how many of these have more look-alikes than were looked at.
    """

    same: Sequence[Sequence[int]]
    near: Copies
    compared: int
    crowded: int

    def clusters(self, n: int) -> list[list[int]]:
        """What copies connect among n pictures, at first or second hand."""
        links = [(group[0], other) for group in self.same for other in group[1:]]
        return clusters(n, [*links, *zip(self.near.first.tolist(), self.near.second.tolist(), strict=True)])


def find_duplicates(facts: Facts, advance: Callable[[], None] = lambda: None, workers: int = 1) -> Duplicates:
    """All copies among the pictures; advance is called after each, workers are threads."""
    same = identical([digest if readable else "" for digest, readable in zip(facts.digest, facts.readable, strict=True)])
    usable = comparable(facts, same)
    near, crowded = near_duplicates(facts.thumbnail, usable, sides(facts), advance, workers)
    return Duplicates(same, near, int(usable.sum()), crowded)


def sides(facts: Facts) -> np.ndarray:
    """The number (n,) of the split and class of each picture."""
    numbers: dict[tuple[str, str], int] = {}
    return np.array([numbers.setdefault((item.split, item.label), len(numbers)) for item in facts.items], np.int32)


def comparable(facts: Facts, same: Sequence[Sequence[int]]) -> np.ndarray:
    """Which pictures (n,) are looked at for near duplicates: readable, not tiny, and of the same bytes only the first."""
    large = [h is not None and min(h.width, h.height) >= TINY for h in facts.header]
    usable: np.ndarray = facts.readable & np.array(large, bool)
    usable[[number for group in same for number in group[1:]]] = False
    return usable


def assemble(source: str, facts: Facts, found: Duplicates, labels: Labels | None = None) -> Audit:
    """What audit.json says."""
    items, readable = facts.items, np.flatnonzero(facts.readable).tolist()
    headers = Counter(h for h in facts.header if h is not None)
    sizes = Counter[tuple[int, int]]()
    kinds = Counter[str]()
    for header, n in headers.items():
        sizes[header.width, header.height] += n
        kinds[f"{header.format} {header.mode}"] += n
    return Audit(
        source=source,
        n=len(facts),
        counts=count(items),
        fingerprint=fingerprint([items[n] for n in readable], [facts.digest[n] for n in readable]),
        unreadable=[Unreadable(image=image(items[n]), reason=reason) for n, reason in sorted(facts.faults.items())],
        kinds=dict(kinds.most_common()),
        sizes=[Size(width=w, height=h, n=n) for (w, h), n in sizes.most_common(MOST_SIZES)],
        n_sizes=len(sizes),
        duplicates=pairs(items, found.same, found.near),
        clusters=[[items[n].sample for n in cluster] for cluster in found.clusters(len(facts))],
        compared=found.compared,
        crowded=found.crowded,
        poor=[Poor(image=image(items[n]), why=why, value=round(value, 3)) for n, why, value in poor(facts)],
        groups=(known := groups(items)),
        labels=labels,
        notes=list(_notes(known is not None, labels is not None, found.crowded)),
    )


def _notes(groups: bool, labels: bool, crowded: int) -> Iterator[str]:
    if not groups:
        yield NO_GROUPS
    if not labels:
        yield NO_PREDICTIONS
    if crowded:
        yield CROWDED.format(wording.plural(crowded, "image"), MOST)
