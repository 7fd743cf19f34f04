"""epochs.jsonl as its writer holds it open: locked while the writer lives, a line an epoch, each flushed to disk."""

from __future__ import annotations

import os
from pathlib import Path
from typing import IO

from dermai_report.errors import DermaiError
from dermai_report.files import writing_to
from dermai_report.locks import hold
from dermai_report.storage.run_files import EPOCHS, parse_epoch


class EpochLog:
    """The log of the run directory `run`. `last` is the number of the last epoch in it, 0 where there is none."""

    def __init__(self, run: Path) -> None:
        """Begin one, and wait for the lock: a reader may hold it for a moment."""
        self._path = run / EPOCHS
        self.last = 0
        with writing_to(self._path):
            self._file: IO[bytes] = self._path.open("ab")
        hold(self._file, wait=True)

    @classmethod
    def reopened(cls, run: Path, epochs: int | None) -> EpochLog:
        """Go on with one, at most after the first `epochs`; a torn last line is cut off.

        Raises DermaiError where another process writes it, or a line within it is no epoch.
        """
        log = cls.__new__(cls)
        log._path = run / EPOCHS
        with writing_to(log._path):
            log._file = log._path.open("r+b")
        try:
            if not hold(log._file):
                raise DermaiError(f"{run} is still running", "wait for it, or stop its process")
            log.last = _cut(log._file, epochs)
        except DermaiError:
            log.close()
            raise
        return log

    @property
    def closed(self) -> bool:
        """Whether no line can be added any more."""
        return self._file.closed

    def append(self, number: int, line: bytes) -> None:
        """Add the line of an epoch, on the disk when this returns. Raises DermaiError where it cannot be written."""
        with writing_to(self._path):
            self._file.write(line)
            self._file.flush()
            os.fsync(self._file.fileno())
        self.last = number

    def close(self) -> None:
        """Let go of the lock: who reads now knows that nobody writes."""
        self._file.close()


def _cut(log: IO[bytes], epochs: int | None) -> int:
    """Shorten the log to its whole lines, at most to the epoch `epochs`; returns the last epoch that is left."""
    kept = last = 0
    for count, line in enumerate(log, start=1):
        try:
            number = parse_epoch(line).epoch if line.strip() else last
        except ValueError as error:
            if not line.endswith(b"\n"):
                break
            raise DermaiError(f"{log.name}, line {count}: {error}", "mend or remove that line") from None
        if epochs is not None and number > epochs:
            break
        kept, last = kept + len(line), number
    log.truncate(kept)
    log.seek(max(kept - 1, 0))
    if log.read(1) not in (b"", b"\n"):  # the last line is whole, but for its end
        log.write(b"\n")
    log.flush()
    os.fsync(log.fileno())
    return last
