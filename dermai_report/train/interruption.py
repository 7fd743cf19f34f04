"""SIGINT and SIGTERM stop a run between two batches; the log and the checkpoints stay whole."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

from dermai_report.train import distributed


@dataclass
class Interruption:
    """Which signal asked for a stop, if one did."""

    signal: int | None = None

    def check(self) -> None:
        """Raise KeyboardInterrupt when a stop was asked for."""
        asked = distributed.highest(self.signal or 0)  # asked of one process, all stop at the same batch
        if asked:  # a signal that came during the exchange is kept for the next check
            self.signal = asked
            raise KeyboardInterrupt

    def ask(self, number: int, frame: FrameType | None) -> None:
        """The handler: the first signal asks for a stop, a second one stops at once."""
        if self.signal is not None:
            raise KeyboardInterrupt
        self.signal = number


@contextmanager
def interruptible() -> Iterator[Interruption]:
    """Catch the signals meanwhile; in a thread other than the main one Python lets nobody catch them."""
    interruption = Interruption()
    if threading.current_thread() is not threading.main_thread():
        yield interruption
        return
    before = {number: signal.signal(number, interruption.ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield interruption
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
