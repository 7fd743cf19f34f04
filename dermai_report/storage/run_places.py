"""Where a run is written: a directory of its own below the root, and `latest` beside it, which points to the newest.

The root is a folder, or an address such as s3://bucket/runs: then the directory is on this machine, and mirrored (see remote/).
"""

from __future__ import annotations

import contextlib
import datetime
import hashlib
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from dermai_report.errors import DermaiError
from dermai_report.files import point_to, writing_to
from dermai_report.remote.addresses import local_or_address
from dermai_report.storage.run_files import LATEST, MANIFEST, Manifest, no_run, read_manifest

if TYPE_CHECKING:
    from dermai_report.remote.mirror import Mirror


class Folder:
    """The place of a run on a file system.

    Its writer calls `opened` before the first epoch, `changed` after each change, `closed` at the end; or `abandoned` instead of them all.
    """

    trouble: str | None = None  # what is not where it should be yet

    def __init__(self, path: Path, latest: Path | None = None) -> None:
        """latest: the link that is turned to it, of a new run."""
        self.path, self.address = path, str(path)
        self._latest = latest

    def opened(self) -> None:
        """Let `latest` point to it."""
        if self._latest:
            point_to(self._latest, self.path.name)

    def changed(self) -> None:
        """It is where it should be already."""

    def closed(self) -> None:
        """It is where it should be already."""

    def abandoned(self) -> None:
        """Nothing is held."""


def begin(root: str | Path, name: str, started: datetime.datetime) -> Folder | Mirror:
    """The place of a new run. Raises DermaiError where it cannot be made."""
    root = local_or_address(root)
    if isinstance(root, Path):
        return Folder(new_directory(root, name, started), root / LATEST)
    from dermai_report.remote import mirror

    return mirror.begin(root, lambda folder: new_directory(folder, name, started))


def reopen(path: str | Path, say: Callable[[str], None] = lambda text: None) -> Folder | Mirror:
    """The place of a run that ended early. `say` is told what is waited for.

    Raises DermaiError where an address holds no run, or one that is still written; of a path its reader tells.
    """
    path = local_or_address(path)
    if isinstance(path, Path):
        return Folder(path.resolve())
    from dermai_report.remote import mirror

    return mirror.reopen(path, say)


def manifest_of(path: str | Path) -> Manifest:
    """What run.json of a run to be resumed says. Raises DermaiError where there is no run."""
    path = local_or_address(path)
    if isinstance(path, str):
        from dermai_report.remote import mirror

        return mirror.manifest_of(path)
    if not (path / MANIFEST).is_file():
        raise no_run(path)
    return read_manifest(path)


def new_directory(root: Path, name: str, started: datetime.datetime) -> Path:
    """Make a directory of its own below root: <utc-time>_<name>_<short-hash>. Any number of writers may do so at once."""
    safe = re.sub(r"[^\w.-]+", "-", name).strip("-.")[:60] or "run"
    with writing_to(root):
        root.mkdir(parents=True, exist_ok=True)
        while True:
            short = hashlib.sha256(os.urandom(16)).hexdigest()[:6]
            path = root / f"{started:%Y%m%dT%H%M%SZ}_{safe}_{short}"
            with contextlib.suppress(FileExistsError):
                path.mkdir()
                return path


def below(folder: Path, file: Path) -> str:
    """The file relative to the folder, links taken as they stand or followed; raises DermaiError where it lies outside."""
    for root, path in ((folder.absolute(), file.absolute()), (folder.resolve(), file.resolve())):
        if path.is_relative_to(root) and ".." not in path.parts:
            return path.relative_to(root).as_posix()
    raise DermaiError(f"{file} lies outside the run's directory {folder}", "save the model below run.path, then log it")
