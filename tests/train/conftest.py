"""Tiny data sets and runs; torch's threads sleep while they wait, as in dermai-train itself."""

from __future__ import annotations

import os

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

COLOURS = {"blue": (40, 60, 200), "green": (30, 170, 60), "red": (200, 50, 40)}


def write_images(folder: Path, colour: tuple[int, int, int], count: int, seed: int = 0) -> None:
    """Noisy pictures around a colour."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng([seed, *colour])
    for n in range(count):
        pixels = np.clip(np.array(colour) + rng.normal(0, 40, (40, 48, 3)), 0, 255).astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"{n:02}.jpg")


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test leaves decoded images in the user's cache."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def split_folder(tmp_path: Path) -> Path:
    """DIR/{train,val,test}/<class>: 6, 4 and 4 pictures of each of three classes."""
    for seed, (split, count) in enumerate((("train", 6), ("val", 4), ("test", 4))):
        for label, colour in COLOURS.items():
            write_images(tmp_path / "photos" / split / label, colour, count, seed)
    return tmp_path / "photos"


@pytest.fixture
def class_folder(tmp_path: Path) -> Path:
    """DIR/<class>: 20, 10 and 10 pictures."""
    for (label, colour), count in zip(COLOURS.items(), (20, 10, 10), strict=True):
        write_images(tmp_path / "classes" / label, colour, count)
    return tmp_path / "classes"


@pytest.fixture
def options(tmp_path: Path, split_folder: Path) -> Callable[..., dict[str, Any]]:
    """The configuration of a quick run, with what is given on top."""

    def quick(**changes: Any) -> dict[str, Any]:
        small = {"data": str(split_folder), "runs": str(tmp_path / "runs"), "weights": "none", "model": "mobilenet_v3_small"}
        return {**small, "image_size": 32, "batch_size": 6, "epochs": 1, "threads": 1, "precision": "float32", **changes}

    return quick
