"""What else the machine was busy with during a measurement: its busy time less that of this process and its children."""

import os
import resource
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


def _busy() -> float:
    """Processor seconds spent by everybody since the start of the machine."""
    fields = [int(x) for x in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    return (sum(fields) - fields[3] - fields[4]) / os.sysconf("SC_CLK_TCK")


def _own() -> float:
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in usages)


@contextmanager
def other_load() -> Iterator[Callable[[], float]]:
    """Gives a function that tells, once the block is over, the part of all processors that others took in it."""
    part = 0.0
    busy, own, start = _busy(), _own(), time.perf_counter()
    yield lambda: part
    elapsed = (time.perf_counter() - start) * (os.cpu_count() or 1)
    part = max(0.0, (_busy() - busy - (_own() - own)) / elapsed)
