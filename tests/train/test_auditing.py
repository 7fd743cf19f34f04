"""dermai-train audits what it trains on, from the pixels it has decoded, and the run keeps what was found."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import Image

from dermai_report.datasets.audit import assemble, inspect
from dermai_report.datasets.collections import open_collection
from dermai_report.storage.audit_files import AUDIT, read_audit
from dermai_report.train.config import TrainConfig
from dermai_report.train.data import load_data
from dermai_report.train.loop import train
from dermai_report.train.progress import Progress
from tests.datasets.audit.pictures import crop, jpeg, photograph


def photographs(root: Path) -> Path:
    seed = 0
    for split, count in (("train", 6), ("val", 4), ("test", 4)):
        for label in ("blue", "red"):
            (root / split / label).mkdir(parents=True)
            for n in range(count):
                seed += 1
                (root / split / label / f"{n}.jpg").write_bytes(jpeg(photograph(seed)))
    return root


def plant(root: Path) -> None:
    shutil.copy(root / "train/red/0.jpg", root / "val/red/same.jpg")
    with Image.open(root / "train/blue/1.jpg") as picture:
        (root / "test/blue/near.jpg").write_bytes(jpeg(crop(picture.convert("RGB"), 0.0, 0.08, 0.9)))
    (root / "train/red/broken.jpg").write_bytes(b"broken")


def test_the_pixels_of_training_say_what_the_files_say(tmp_path: Path) -> None:
    root = photographs(tmp_path / "photos")
    plant(root)
    config = {"data": str(root), "image_size": 96, "skip_bad_images": True, "cache": str(tmp_path / "cache")}
    first, second = (load_data(TrainConfig.from_mapping(config)).audit for _ in range(2))
    alone = assemble(str(root), *inspect(open_collection(str(root))))
    assert first is not None and first == second
    assert {(p.first.sample, p.second.sample) for p in first.duplicates} == {
        ("train/red/0.jpg", "val/red/same.jpg"),
        ("train/blue/1.jpg", "test/blue/near.jpg"),
    }
    assert {(p.first, p.second) for p in alone.duplicates} == {(p.first, p.second) for p in first.duplicates}
    assert (first.counts, first.kinds, first.sizes, first.fingerprint) == (
        alone.counts, alone.kinds, alone.sizes, alone.fingerprint,
    )  # fmt: skip
    assert first.unreadable == alone.unreadable
    assert load_data(TrainConfig.from_mapping({**config, "audit": False})).audit is None


def test_small_pictures_are_not_taken_for_copies() -> None:
    audit = load_data(TrainConfig.from_mapping({"data": "digits", "image_size": 32})).audit
    assert audit is not None and audit.compared == 0
    assert all(pair.kind == "same bytes" for pair in audit.duplicates)
    assert not audit.poor


def test_the_run_keeps_the_audit(tmp_path: Path, options: Callable[..., dict[str, Any]]) -> None:
    root = photographs(tmp_path / "own")
    shutil.copy(root / "train/red/0.jpg", root / "test/red/same.jpg")
    with Progress() as progress:
        kept = train(TrainConfig.from_mapping(options(data=str(root))), "dermai-train", progress)
        none = train(TrainConfig.from_mapping(options(data=str(root), audit=False)), "dermai-train", progress)
    assert read_audit(kept.path / AUDIT).leaked() == {"test/red/same.jpg"}
    assert not (none.path / AUDIT).exists()
