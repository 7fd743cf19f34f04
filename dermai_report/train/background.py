"""Files written beside the training: flushing a checkpoint to disk takes a tenth of a short epoch, in which nothing computes."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType


class Background:
    """One piece of work at a time, in order; what goes wrong in it is raised by the next call, or at the end of the block."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="background")
        self._present: Future[None] | None = None

    def start(self, work: Callable[[], None]) -> None:
        """Begin once the work before is done; it must own all that it reads."""
        self.wait()
        self._present = self._pool.submit(work)

    def wait(self) -> None:
        """Until the work begun is done."""
        present, self._present = self._present, None
        if present is not None:
            present.result()

    def __enter__(self) -> Background:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            self.wait()
        finally:
            self._pool.shutdown()
