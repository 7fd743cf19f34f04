"""What is in a folder: counts, and a digest of names and sizes that tells whether anything came, went or grew."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from dermai_report.datasets.layout import unreadable


@dataclass(frozen=True)
class Contents:
    """files: how many; bytes: their sizes; digest: sha256 of names and sizes."""

    files: int
    bytes: int
    digest: str


def look_into(folder: Path) -> Contents:
    """The contents of a folder, at any depth; a link counts as what it says, and is not followed."""
    digest = hashlib.sha256()
    files = size = 0
    for name, path, status in entries(folder):
        if stat.S_ISDIR(status.st_mode):
            digest.update(b"folder\0%s\0" % name)
            continue
        target = os.fsencode(path.readlink()) if stat.S_ISLNK(status.st_mode) else b""
        digest.update(b"file\0%s\0%d\0%s\0" % (name, status.st_size, target))
        files += 1
        size += status.st_size
    return Contents(files, size, digest.hexdigest())


def entries(folder: Path) -> Iterator[tuple[bytes, Path, os.stat_result]]:
    """Everything below a folder, or the link that stands in its place, in a fixed order: name as bytes, path, status."""
    found = []

    def stop(error: OSError) -> None:
        raise unreadable(error) from error

    if folder.is_symlink():
        found.append(folder)
    else:
        for parent, folders, names in os.walk(folder, onerror=stop):
            found += [Path(parent, name) for name in (*folders, *names)]
    for path in sorted(found, key=os.fsencode):
        yield os.fsencode(path.relative_to(folder)), path, path.lstat()
