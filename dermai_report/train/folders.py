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
    seen: dict[tuple[int, int], Path] = {}
    splits = _split_folders(root) or {"train": root}
    items = [item for split, folder in splits.items() for item in _items(root, folder, split, seen)]
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


def _items(root: Path, folder: Path, split: str, seen: dict[tuple[int, int], Path]) -> Iterator[Item]:
    """The pictures of one split; a class is a folder, and one without pictures is an error. seen: folders read so far."""
    classes = _subfolders(folder)
    if not classes:
        raise DermaiError(f"{folder} holds no class folders", LAYOUT)
    for of_class in classes:
        pictures = sorted(_pictures(of_class, seen))
        if not pictures:
            raise DermaiError(
                f"class {of_class.name!r} has no images in {folder}", "add images to it, or remove the empty folder"
            )
        for path in pictures:
            _check_name(path)
            yield Item(path.relative_to(root).as_posix(), of_class.name, split)


def _subfolders(folder: Path) -> list[Path]:
    try:
        return sorted(f for f in folder.iterdir() if f.is_dir() and not f.name.startswith("."))
    except OSError as error:
        raise _unreadable(error) from error


def _pictures(folder: Path, seen: dict[tuple[int, int], Path]) -> Iterator[Path]:
    """The pictures below a folder, links followed. A folder that is reached twice is an error: its pictures would stand in
    the data twice, perhaps in two splits."""

    def stop(error: OSError) -> None:
        raise _unreadable(error) from error

    for parent, _, files in os.walk(folder, followlinks=True, onerror=stop):
        status = Path(parent).stat()
        before = seen.setdefault((status.st_dev, status.st_ino), Path(parent))
        if before != Path(parent):
            raise DermaiError(f"{parent} leads to {before}, which is part of the data already", "remove that link")
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


def _unreadable(error: OSError) -> DermaiError:
    return DermaiError(f"cannot read the folder {error.filename}: {error.strerror}", "give it read permission, or remove it")


def _check_name(path: Path) -> None:
    try:
        str(path).encode()
    except UnicodeEncodeError:
        raise DermaiError(f"the name {os.fsencode(path)!r} is not UTF-8", "rename it; it goes into the log") from None
