"""Small data folders, and pictures of whole trees with every byte and time."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from PIL import Image

from dermai_report.datasets.exclusion import journal, plan

PIXEL = Image.new("RGB", (1, 1))
OLD = 1_500_000_000_123_456_789  # nanoseconds; whatever touches a folder shows
Picture = dict[bytes, tuple[str, bytes, int]]


def make(root: Path, classes: Iterable[str] = ("measles", "pox", "rash"), splits: Iterable[str] = ("train", "val")) -> Path:
    """DIR/<split>/<class>: a picture, a note, an empty folder and a hidden file in each; old times everywhere."""
    for split in splits:
        for name in classes:
            folder = root / split / name
            folder.mkdir(parents=True)
            PIXEL.save(folder / "1.png")
            (folder / "note.txt").write_text(f"{split} {name}")
            (folder / ".hidden").touch()
            (folder / "empty").mkdir()
    for number, path in enumerate([*root.rglob("*"), root]):
        os.utime(path, ns=(OLD, OLD + number), follow_symlinks=False)
    return root


def picture(root: Path) -> Picture:
    """Everything below a folder, itself included: kind, content and time of last change, by name."""
    found = {}
    for path in [root, *root.rglob("*")]:
        if path.is_symlink():
            kind, content = "link", os.fsencode(path.readlink())
        elif path.is_dir():
            kind, content = "folder", b""
        else:
            kind, content = "file", path.read_bytes()
        found[os.fsencode(path.relative_to(root))] = (kind, content, path.lstat().st_mtime_ns)
    return found


def of_data(whole: Picture) -> Picture:
    """What is the user's: without DIR itself and what dermai-data writes into it."""
    own = (b".", b".excluded")
    return {
        name: what
        for name, what in whole.items()
        if name not in own
        and not (name.startswith(b".excluded/") and (name.count(b"/") == 1 or name.endswith(b"manifest.json")))
    }


def exclude(root: Path, *names: str) -> None:
    journal.carry_out(root, "exclude", plan.exclude(root, names))


def restore(root: Path, *names: str) -> None:
    journal.carry_out(root, "restore", plan.restore(root, names))
