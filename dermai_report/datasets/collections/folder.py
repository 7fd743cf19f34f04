"""Image folders: DIR/{train,val,test}/<class>/* or DIR/<class>/*. Content tells what is a picture, not its ending."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from dermai_report.datasets import decoding
from dermai_report.datasets.collections import idx
from dermai_report.datasets.exclusion.journal import is_pending
from dermai_report.datasets.exclusion.record import read_records, restoring
from dermai_report.datasets.items import Collection, Item, LeftOut
from dermai_report.datasets.layout import LAYOUT, check_root, split_folders, subfolders, unreadable
from dermai_report.errors import DermaiError

WHAT = "a folder of images"


def recognises(data: str, data_root: str = "") -> bool:
    """Whether it is a folder, of any files but those of collections/idx.py; with --data-root, `data` is a name."""
    return not data_root and Path(data).is_dir() and not idx.recognises(data)


def open_collection(data: str, data_root: str = "") -> Collection:
    """The pictures below a folder, sorted by path. Raises DermaiError for a layout that cannot be trained on."""
    root = Path(data)
    check_root(root)
    if is_pending(root):
        raise DermaiError(
            f"a change of the classes in {root} was cut short", f"dermai-data list --data {root} finishes or undoes it"
        )
    seen: dict[tuple[int, int], Path] = {}
    splits = split_folders(root) or {"train": root}
    items = [item for split, folder in splits.items() for item in _items(root, folder, split, seen)]
    return Collection(
        source=str(root),
        items=items,
        read=partial(_read, root),
        decode=decoding.decode,
        home=root,
        excluded={name: LeftOut(r.counts, restoring(name, root)) for name, r in read_records(root).items()},
    )


def _read(root: Path, item: Item) -> bytes:
    """A function of the module, which can be sent to another process."""
    return (root / item.sample).read_bytes()


def _items(root: Path, folder: Path, split: str, seen: dict[tuple[int, int], Path]) -> Iterator[Item]:
    """The pictures of one split; a class is a folder, and one without pictures is an error. seen: folders read so far."""
    classes = subfolders(folder)
    if not classes:
        raise DermaiError(f"{folder} holds no class folders", LAYOUT)
    for of_class in classes:
        paths = sorted(pictures(of_class, seen))
        if not paths:
            raise DermaiError(
                f"class {of_class.name!r} has no images in {folder}", "add images to it, or remove the empty folder"
            )
        for path in paths:
            _check_name(path)
            yield Item(path.relative_to(root).as_posix(), of_class.name, split)


def pictures(folder: Path, seen: dict[tuple[int, int], Path]) -> Iterator[Path]:
    """The pictures below a folder, links followed. A folder that is reached twice is an error: its pictures would stand in
    the data twice, perhaps in two splits."""

    def stop(error: OSError) -> None:
        raise unreadable(error) from error

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


def _check_name(path: Path) -> None:
    try:
        str(path).encode()
    except UnicodeEncodeError:
        raise DermaiError(f"the name {os.fsencode(path)!r} is not UTF-8", "rename it; it goes into the log") from None
