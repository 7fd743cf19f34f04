"""Room for large arrays: in memory up to a limit, beyond it in memory-mapped files that vanish with the process."""

from __future__ import annotations

import math
import os
import tempfile
from pathlib import Path

import torch
from torch import Tensor

from dermai_report.files import writing_to


class Storage:
    """Hands out arrays. `left` is what may still be taken from memory, in bytes; `folder` takes the rest."""

    def __init__(self, limit: int, folder: Path) -> None:
        self.left = limit
        self.folder = folder

    def array(self, shape: tuple[int, ...], dtype: torch.dtype) -> Tensor:
        """An array of undefined content. Raises DermaiError when the disk has no room for it.

        The system keeps recent pages of a mapped file in whatever memory is free, and takes them back when others need it.
        """
        size = math.prod(shape) * dtype.itemsize
        if size <= self.left:
            self.left -= size
            return torch.empty(shape, dtype=dtype)
        with writing_to(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=self.folder, suffix=".map")
            try:
                _reserve(handle, size)
                return torch.from_file(name, shared=True, size=math.prod(shape), dtype=dtype).view(shape)
            finally:
                os.close(handle)
                Path(name).unlink()  # the mapping keeps the file alive, and nothing outlives a killed process


def _reserve(handle: int, size: int) -> None:
    """Take the room now: a full disk is an error here, but a crash when a mapped page is first written."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(handle, 0, size)
    else:
        os.truncate(handle, size)
