"""Cross-validation: train and validation pooled and divided anew, class by class, and by whole groups where there are any."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby

from dermai_report.datasets.items import Item
from dermai_report.datasets.splitting import draw, group_of
from dermai_report.errors import DermaiError


def validate_by(items: Sequence[Item], fold: int, folds: int, seed: int) -> list[Item]:
    """Divide what is not test into `folds` parts; part `fold` (from 1) validates, the others train.

    The seed draws the parts; the test split stays. Without groups a picture's part follows from a digest, with groups from
    scikit-learn's StratifiedGroupKFold. Raises DermaiError when a class has fewer pictures (or groups) than there are parts.
    """
    pool = sorted((item for item in items if item.split != "test"), key=lambda item: (item.label, draw(seed, item)))
    part = _of_groups(pool, folds, seed) if any(item.group is not None for item in pool) else _of_pictures(pool, folds)
    placed = [replace(item, split="val" if n == fold - 1 else "train") for item, n in zip(pool, part, strict=True)]
    return sorted([*(item for item in items if item.split == "test"), *placed], key=lambda item: item.sample)


def _of_pictures(pool: Sequence[Item], folds: int) -> list[int]:
    """Which part each picture is in; they come class by class, in the order that the seed has drawn."""
    part: list[int] = []
    for label, group in groupby(pool, key=lambda item: item.label):
        n = len(list(group))
        if n < folds:
            raise _too_few(label, f"{n} image(s)", folds)
        part += [i % folds for i in range(n)]
    return part


def _of_groups(pool: Sequence[Item], folds: int, seed: int) -> list[int]:
    from sklearn.model_selection import StratifiedGroupKFold

    labels, groups = [item.label for item in pool], [group_of(item) for item in pool]
    for label in sorted(set(labels)):
        n = len({group for group, name in zip(groups, labels, strict=True) if name == label})
        if n < folds:
            raise _too_few(label, f"{n} group(s)", folds)
    part = [0] * len(pool)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # fewer pictures than folds in a class: looked at above
        splits = StratifiedGroupKFold(folds, shuffle=True, random_state=seed % 2**32).split(labels, labels, groups)
        for number, (_, held) in enumerate(splits):
            for n in held:
                part[n] = number
    return part


def _too_few(label: str, has: str, folds: int) -> DermaiError:
    return DermaiError(f"class {label!r} has {has} outside test: too few for {folds} folds", "choose fewer folds")
