"""Hold validation and test pictures out of train by a seed: class by class, and whole groups where there are any."""

from __future__ import annotations

import hashlib
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby

from dermai_report.datasets.items import Item
from dermai_report.errors import DermaiError

ATTEMPTS = 20  # shuffles, where a class has so few groups that one leaves a split without it


def hold_out(items: Sequence[Item], fractions: Mapping[str, float], seed: int) -> list[Item]:
    """Move about the given fraction of train to each split that has no pictures of its own.

    Without groups each class gives its exact share, and a picture's place follows from a digest of the seed and its path, so
    it depends on no library's random numbers. With groups see `_by_group`. Every split gets pictures of each class. Raises
    DermaiError when a class is too small for that.
    """
    present = {item.split for item in items}
    wanted = {split: part for split, part in fractions.items() if part > 0 and split not in present}
    placed = [item for item in items if item.split != "train"]
    training = [item for item in items if item.split == "train"]
    divide = _by_group if any(item.group is not None for item in training) else _by_class
    return sorted([*placed, *divide(training, wanted, seed)], key=lambda item: item.sample)


def _by_class(items: Sequence[Item], wanted: Mapping[str, float], seed: int) -> Iterator[Item]:
    for label, of_class in groupby(sorted(items, key=lambda item: item.label), key=lambda item: item.label):
        yield from _divide(label, sorted(of_class, key=lambda item: draw(seed, item)), wanted)


def _divide(label: str, of_class: list[Item], wanted: Mapping[str, float]) -> list[Item]:
    sizes = {split: max(1, round(part * len(of_class))) for split, part in wanted.items()}
    if sum(sizes.values()) >= len(of_class):
        raise _too_few(label, f"{len(of_class)} image(s)", sizes)
    splits = [split for split, size in sizes.items() for _ in range(size)]
    splits += ["train"] * (len(of_class) - len(splits))
    return [replace(item, split=split) for item, split in zip(of_class, splits, strict=True)]


def draw(seed: int, item: Item) -> bytes:
    """Where a picture comes in an order that the seed draws, on any machine."""
    return hashlib.sha256(f"{seed}/{item.sample}".encode()).digest()


def _by_group(items: Sequence[Item], wanted: Mapping[str, float], seed: int) -> list[Item]:
    """One fold of scikit-learn's StratifiedGroupKFold for each split: whole groups, shares of the classes as even as they allow.

    Of the folds the one that is nearest to the wanted shares. The draw belongs to scikit-learn's version: what must stay the
    same is written down (`dermai-data split`).
    """
    items = sorted(items, key=lambda item: item.sample)  # the order in which a file system lists files decides nothing
    groups_of = {label: {group_of(i) for i in of_class} for label, of_class in groupby(sorted(items, key=_label), key=_label)}
    for label, groups in groups_of.items():
        if len(groups) <= len(wanted):
            raise _too_few(label, f"{len(groups)} group(s)", wanted)
    total, held = len(items), list[Item]()
    for split, part in wanted.items():
        chosen = _fold(items, part * total / len(items), seed, split)
        held += [replace(item, split=split) for item, out in zip(items, chosen, strict=True) if out]
        items = [item for item, out in zip(items, chosen, strict=True) if not out]
    return [*held, *items]


def _fold(items: Sequence[Item], share: float, seed: int, split: str) -> list[bool]:
    """Which items are held out: about `share` of them, some of every class, and some of every class left."""
    from sklearn.model_selection import StratifiedGroupKFold

    labels, groups = [item.label for item in items], [group_of(item) for item in items]
    folds = min(max(2, round(1 / share)), len(set(groups)))
    sizes = Counter(labels)
    best: tuple[float, list[bool]] | None = None
    for attempt in range(ATTEMPTS):
        splitter = StratifiedGroupKFold(folds, shuffle=True, random_state=(seed * ATTEMPTS + attempt) % 2**32)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # a class with fewer pictures than folds: looked at below
            for _, out in splitter.split(labels, labels, groups):
                held = Counter(labels[n] for n in out)
                if all(0 < held[label] < n for label, n in sizes.items()):
                    distance = sum(abs(held[label] / n - share) for label, n in sizes.items())
                    if best is None or distance < best[0]:
                        chosen = set(out.tolist())
                        best = (distance, [n in chosen for n in range(len(items))])
        if best is not None:
            return best[1]
    scarce = min(sizes, key=lambda label: len({g for g, name in zip(groups, labels, strict=True) if name == label}))
    raise DermaiError(
        f"the groups cannot be split so that train and {split} both have every class; class {scarce!r} has the fewest groups",
        "change --seed, add images of other groups, or leave the class out with --exclude-class",
    )


def _label(item: Item) -> str:
    return item.label


def group_of(item: Item) -> str:
    """What a picture belongs to: its group, or itself."""
    return item.sample if item.group is None else item.group


def _too_few(label: str, has: str, wanted: Mapping[str, object]) -> DermaiError:
    return DermaiError(
        f"class {label!r} has {has}: too few to hold out {' and '.join(wanted)} and still train",
        f"it needs at least {len(wanted) + 1}; add images, or remove the class",
    )
