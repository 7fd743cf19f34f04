"""Which groups (the pictures of one patient, lesion or source image) have pictures on two sides of a split."""

from __future__ import annotations

from collections.abc import Sequence

from dermai_report.audit import Groups, Straddling
from dermai_report.datasets.items import SPLITS, Item


def groups(items: Sequence[Item]) -> Groups | None:
    """The groups of the items, and the straddling ones; None where no item has a group."""
    samples: dict[str, dict[str, list[str]]] = {}
    for item in items:
        if item.group is not None:
            samples.setdefault(item.group, {}).setdefault(item.split, []).append(item.sample)
    if not samples:
        return None
    found = [
        Straddling(group=group, samples={split: splits[split] for split in SPLITS if split in splits})
        for group, splits in sorted(samples.items())
        if len(splits) > 1
    ]
    return Groups(n=len(samples), without=sum(item.group is None for item in items), straddling=found)
