"""From what was asked for to a collection with its groups."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from dermai_report.datasets.opening import Wish, open_data
from dermai_report.datasets.splitting import hold_out


def test_copies_stay_in_one_split(tmp_path: Path) -> None:
    """Ten pictures of each class, each with a copy of its bytes and one recompressed."""
    rng = np.random.default_rng(0)
    for label in ("ant", "bee"):
        (tmp_path / label).mkdir()
        for n in range(10):
            coarse = rng.integers(0, 256, (8, 8, 3), dtype=np.uint8)
            picture = Image.fromarray(coarse).resize((96, 96), Image.Resampling.BICUBIC)
            picture.save(tmp_path / label / f"{n}.png")
            shutil.copy(tmp_path / label / f"{n}.png", tmp_path / label / f"{n}_copy.png")
            picture.save(tmp_path / label / f"{n}_small.jpg", quality=70)
    found = open_data(Wish(str(tmp_path), duplicates_together=True))
    groups: dict[str, set[str]] = {}
    for item in hold_out(found.items, {"val": 0.2, "test": 0.2}, 0):
        groups.setdefault(item.group or "", set()).add(item.split)
    assert len(groups) == 20
    assert all(len(splits) == 1 for splits in groups.values())


def test_column_pattern_and_classes_together(photos: Callable[..., Path]) -> None:
    root = photos({"ant": 6, "bee": 6, "cat": 6})
    found = open_data(Wish(str(root), exclude=["cat"], group_regex=r"(\w+_p\d+)_"))
    assert {i.label for i in found.items} == {"ant", "bee"}
    assert len({i.group for i in found.items}) == 4
