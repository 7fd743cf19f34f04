"""Settings of the process that must be made before torch loads."""

from __future__ import annotations

import contextlib
import ctypes
import os

M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4  # glibc's malloc.h
KEPT = 2**30  # bytes of freed memory that may stay with the process


def prepare() -> None:
    """Threads that wait sleep, and the memory of one batch is used again for the next.

    Spinning threads take the processor from the very thread they wait for as soon as anything else runs: an epoch of 4 s took
    49 s beside one busy process, and 7 s with this. And by default glibc gives every large block back to the system when it is
    freed, and each batch then waits for fresh, zeroed pages.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    with contextlib.suppress(OSError, AttributeError):  # another C library has no such settings
        libc = ctypes.CDLL("libc.so.6")
        libc.mallopt(M_MMAP_MAX, 0)
        libc.mallopt(M_TRIM_THRESHOLD, KEPT)
