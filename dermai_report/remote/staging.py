"""Where a run for an address is written first: a folder on this machine, held by one process, that goes when all is mirrored.

What a killed process leaves stays there until the run is resumed here: it may be further than what was mirrored of it.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from dermai_report import locks
from dermai_report.errors import DermaiError
from dermai_report.files import writing_to
from dermai_report.locks import hold
from dermai_report.storage.run_files import EPOCHS, MANIFEST, read_manifest

LOCK = "lock"


class Staging:
    """A folder of this process's own, for one run of the folder of runs at `root`."""

    def __init__(self, root: str) -> None:
        """Make it. Raises DermaiError where that cannot be."""
        home = _home(root)
        with writing_to(home):
            home.mkdir(parents=True, exist_ok=True)
            self.folder = home / os.urandom(8).hex()
            self.folder.mkdir()
            self._lock: IO[bytes] = (self.folder / LOCK).open("ab")
        hold(self._lock, wait=True)

    @classmethod
    def taken_over(cls, run: Path) -> Staging | None:
        """That of a run which another process has left; None where one still holds it."""
        staging = cls.__new__(cls)
        staging.folder = run.parent
        try:
            staging._lock = (run.parent / LOCK).open("r+b")
        except OSError:  # removed meanwhile
            return None
        if hold(staging._lock):
            return staging
        staging._lock.close()
        return None

    def let_go(self, remove: bool) -> None:
        """Leave it to others, or remove it with all that is in it."""
        if remove:
            shutil.rmtree(self.folder, ignore_errors=True)
        self._lock.close()


def lives(run: Path) -> bool | None:
    """Whether the process that writes the run there lives; None where the copy is not on this machine, which tells nothing."""
    return locks.is_held(run.parent / LOCK) if run.exists() else None


def remove_left(root: str, name: str, done: Path) -> None:
    """Remove what killed processes have left of that run, where it is no further than the copy `done`."""
    for copy in left(root, name):
        if copy != done and progress(copy) <= progress(done) and (taken := Staging.taken_over(copy)):
            taken.let_go(remove=True)


def left(root: str, name: str) -> Iterator[Path]:
    """The copies of the run of that name which are here, those that are still held included."""
    for path in sorted(_home(root).glob(f"*/{name}")):
        if (path / MANIFEST).is_file():
            yield path


def progress(run: Path) -> tuple[bool, int]:
    """How far a copy of a run is: whether it is finished, and how many whole lines its log has."""
    log = run / EPOCHS
    with contextlib.suppress(DermaiError):
        return read_manifest(run).status == "finished", log.read_bytes().count(b"\n") if log.is_file() else 0
    return False, -1


def _home(root: str) -> Path:
    """The folder for all runs of that root, in the place for what a program must not lose."""
    state = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
    return state / "dermai-report" / "runs" / hashlib.sha256(root.encode()).hexdigest()[:16]
