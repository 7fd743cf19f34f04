"""Locks: of its writer on a run's log, which tells a running run from a dead one; of a training on its data folder.

Windows has no flock: no lock.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import IO

MOMENT = 0.5  # seconds; a reader that looks whether the lock is held keeps it for microseconds


def hold(file: IO[bytes] | int, wait: bool = False, shared: bool = False) -> bool:
    """Lock the open file (or folder, by its handle) until it is closed; the kernel lets go even after kill -9.

    False when another process still holds it after a moment; with `wait`, waits for as long as it takes. `shared`: beside
    others that share it.
    """
    try:
        import fcntl
    except ImportError:
        return True
    end = time.monotonic() + MOMENT
    while True:
        try:
            fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            if not wait and time.monotonic() >= end:
                return False
            time.sleep(0.01)
        except OSError:  # a file system without locks
            return True
        else:
            return True


def is_held(path: Path) -> bool:
    """Whether a living process holds the file. Where locks are not offered the word of run.json stands; no file, no holder."""
    if not path.is_file():
        return False
    try:
        import fcntl

        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except (ImportError, OSError):
        return True
    return False
