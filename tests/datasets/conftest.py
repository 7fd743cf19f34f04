"""Files of pictures, quickly made."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def photos(tmp_path: Path) -> Callable[[Mapping[str, int]], Path]:
    """A folder with so many pictures of each class, all different: DIR/<class>/<class>_<patient>_<n>.png, three a patient."""

    def make(counts: Mapping[str, int]) -> Path:
        root = tmp_path / "photos"
        for label, n in counts.items():
            (root / label).mkdir(parents=True)
            for i in range(n):
                pixel = np.random.default_rng([len(label), i]).integers(0, 256, (2, 2, 3), dtype=np.uint8)
                Image.fromarray(pixel).save(root / label / f"{label}_p{i // 3:03d}_{i}.png")
        return root

    return make


def write_table(path: Path, columns: Mapping[str, Sequence[object]], delimiter: str = ",") -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=delimiter)
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))
    return path
