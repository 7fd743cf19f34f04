"""Who works with a data folder: trainings share it, and a change of its folders needs it alone.

The lock is on the folder itself, so nothing is written into the data, which may lie on a read-only disk. The kernel lets go of
it when the process ends, however it ends.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dermai_report.errors import DermaiError
from dermai_report.locks import hold


@contextmanager
def reading(root: Path) -> Iterator[None]:
    """Keep the classes of a folder (or of that in which a file lies) where they are meanwhile. Waits for a change going on."""
    with _opened(root.parent if root.is_file() else root) as handle:
        if handle is not None:
            hold(handle, wait=True, shared=True)
        yield


@contextmanager
def changing(root: Path) -> Iterator[None]:
    """Have a folder alone while this lasts. Raises DermaiError where somebody else works with it."""
    with _opened(root) as handle:
        if handle is not None and not hold(handle):
            if hold(handle, shared=True):
                raise DermaiError(f"{root} is in use by a running training or audit", "wait for its end, or stop it")
            raise DermaiError(f"another dermai-data is at work in {root}", "wait for its end")
        yield


@contextmanager
def _opened(root: Path) -> Iterator[int | None]:
    """A handle of the folder; None where there is no such folder, or folders cannot be opened (Windows)."""
    try:
        handle = os.open(root, os.O_RDONLY)
    except OSError:
        yield None
        return
    try:
        yield handle
    finally:
        os.close(handle)
