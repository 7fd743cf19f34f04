"""--watch: the report again each time the run has moved, until the run ends or Ctrl-C."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from time import sleep
from typing import TYPE_CHECKING

from dermai_report.errors import DermaiError
from dermai_report.remote.addresses import is_address

if TYPE_CHECKING:
    from dermai_report.report import Report

EVERY = 2.0  # seconds between two looks
PATIENCE = 5  # looks that may fail one after the other: a file may be half written, but not for ever
MOST_FILES = 20_000
LIVE = ("running", "unknown")  # of a foreign log nobody can tell whether it is still written


def watch(path: str, make: Callable[[str], Report], show: Callable[[Report, bool], None]) -> Report:
    """Make and show the report of the run at `path` whenever its files change; the last one is shown as no longer live.

    make: reads and diagnoses; show: writes, told whether the run is still live. Raises DermaiError where the first look, or several
    in a row, cannot be read.
    """
    path = _followed(path)
    report = None if Path(path).exists() else make(path)  # a wrong path is an error at once: nothing to wait for
    seen: object = None
    failed = 0
    try:
        while True:
            try:
                now = _state(path)
                moved = make(path) if now != seen else None
            except DermaiError as error:
                failed += 1
                if failed >= PATIENCE:
                    raise
                print(f"not readable yet: {error.message}", file=sys.stderr)
            else:
                failed = 0
                if moved is not None:
                    seen, report = now, moved
                    live = report.run.status in LIVE
                    show(report, live)
                    print(f"{report.run.status}, epoch {report.run.n_epochs}", file=sys.stderr)
                    if not live:
                        return report
            sleep(EVERY)
    except KeyboardInterrupt:
        if report is None:
            raise
        show(report, False)
        return report


def _followed(path: str) -> str:
    """The run that a link such as runs/latest points to now: a new run would turn it away."""
    if is_address(path):
        from dermai_report.remote.mirror import named

        return "/".join(named(path))
    return str(Path(path).parent / Path(path).readlink()) if Path(path).is_symlink() else path


def _state(path: str) -> object:
    """What changes when the run moves: names, times and sizes of its files, and whether somebody still writes its log."""
    if is_address(path):
        from dermai_report.sources._remote import state

        return state(path)
    return _local_state(Path(path))


def _local_state(path: Path) -> object:
    from dermai_report.locks import is_held
    from dermai_report.storage.run_files import EPOCHS

    if not path.is_dir():
        return _look(path)
    found: list[tuple[str, int, int] | None] = []
    for folder, names, files in os.walk(path):
        names.sort()
        found += [_look(Path(folder, name)) for name in sorted(files)]
        if len(found) > MOST_FILES:
            break
    log = path / EPOCHS
    return found, log.is_file() and is_held(log)


def _look(file: Path) -> tuple[str, int, int] | None:
    try:
        status = file.stat()
    except OSError:  # gone between two looks
        return None
    return str(file), status.st_mtime_ns, status.st_size
