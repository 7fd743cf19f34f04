"""Image folders: DIR/{train,val,test}/<class>/* or DIR/<class>/*. Content tells what is a picture, not its ending."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from dermai_report.errors import DermaiError
from dermai_report.train import decoding
from dermai_report.train.items import Collection, Item

SPLIT_NAMES = {"train": ("train", "training"), "val": ("val", "valid", "validation"), "test": ("test", "testing")}
LAYOUT = "expected DIR/train/<class>/*.jpg with DIR/val and DIR/test beside it, or DIR/<class>/*.jpg"


def open_folder(root: Path) -> Collection:
    """The pictures below `root`, sorted by path. Raises DermaiError for a layout that cannot be trained on."""
    if not root.exists():
        raise DermaiError(f"no such folder: {root}", "give --data a folder of images, or --data digits")
    if not root.is_dir():
        raise DermaiError(f"{root} is a file, not a folder of images", LAYOUT)
    splits = _split_folders(root)
    if splits:
        items = [item for split, folder in splits.items() for item in _items(root, folder, split)]
    else:
        items = list(_items(root, root, "train"))
    return Collection(
        source=str(root), items=items, read=lambda item: (root / item.sample).read_bytes(), decode=decoding.decode
    )


def _split_folders(root: Path) -> dict[str, Path]:
    """The folder of each split, or nothing when the folders below `root` are classes."""
    found: dict[str, Path] = {}
    for folder in _subfolders(root):
        for split, spellings in SPLIT_NAMES.items():
            if folder.name.lower() not in spellings:
                continue
            if split in found:
                raise DermaiError(
                    f"{root} has two folders for {split}: {found[split].name} and {folder.name}", "keep one of them"
                )
            found[split] = folder
    if found and "train" not in found:
        raise DermaiError(f"{root} has {', '.join(f.name for f in found.values())} but no train folder", LAYOUT)
    return found


def _items(root: Path, folder: Path, split: str) -> Iterator[Item]:
    """The pictures of one split; a class is a folder, and one without pictures is an error."""
    classes = _subfolders(folder)
    if not classes:
        raise DermaiError(f"{folder} holds no class folders", LAYOUT)
    for of_class in classes:
        pictures = sorted(_pictures(of_class))
        if not pictures:
            raise DermaiError(
                f"class {of_class.name!r} has no images in {folder}", "add images to it, or remove the empty folder"
            )
        for path in pictures:
            yield Item(path.relative_to(root).as_posix(), of_class.name, split)


def _subfolders(folder: Path) -> list[Path]:
    return sorted(f for f in folder.iterdir() if f.is_dir() and not f.name.startswith("."))


def _pictures(folder: Path) -> Iterator[Path]:
    for parent, _, files in os.walk(folder, followlinks=True):
        for name in files:
            path = Path(parent, name)
            if not name.startswith(".") and decoding.looks_like_image(_prefix(path), path.suffix):
                yield path


def _prefix(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(decoding.PREFIX)
    except OSError:  # a dangling link, no permission: named when it is decoded, if its ending says picture
        return b""
