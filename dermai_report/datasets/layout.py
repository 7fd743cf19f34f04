"""The layout of an image folder: DIR/{train,val,test}/<class>/* or DIR/<class>/*. Names that start with a dot are no part of it."""

from __future__ import annotations

from pathlib import Path

from dermai_report.errors import DermaiError

SPLIT_NAMES = {"train": ("train", "training"), "val": ("val", "valid", "validation"), "test": ("test", "testing")}
LAYOUT = "expected DIR/train/<class>/*.jpg with DIR/val and DIR/test beside it, or DIR/<class>/*.jpg"


def check_root(root: Path) -> None:
    """Raise DermaiError unless `root` is a folder."""
    if not root.exists():
        raise DermaiError(f"no such folder: {root}", "give --data a folder of images")
    if not root.is_dir():
        raise DermaiError(f"{root} is a file, not a folder of images", LAYOUT)


def split_folders(root: Path) -> dict[str, Path]:
    """The folder of each split, or nothing when the folders below `root` are classes."""
    found: dict[str, Path] = {}
    for folder in subfolders(root):
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


def subfolders(folder: Path) -> list[Path]:
    """The folders in a folder, by name, without hidden ones: of a split, its classes."""
    try:
        return sorted(f for f in folder.iterdir() if f.is_dir() and not f.name.startswith("."))
    except OSError as error:
        raise unreadable(error) from error


def unreadable(error: OSError) -> DermaiError:
    """The error for a folder that cannot be looked into."""
    return DermaiError(f"cannot read the folder {error.filename}: {error.strerror}", "give it read permission, or remove it")
