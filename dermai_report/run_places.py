"""Where a run is written: a directory of its own below the root, and `latest` beside it, which points to the newest."""

from __future__ import annotations

import contextlib
import datetime
import hashlib
import os
import re
from pathlib import Path

from dermai_report.errors import DermaiError
from dermai_report.files import writing_to

LATEST = "latest"


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
