"""A store behind an address that several processes see and no network is needed for: disk:///path, a folder that is no path to the code."""

from __future__ import annotations

import os
from typing import Any

import fsspec
from fsspec.implementations.local import LocalFileSystem


class Disk(LocalFileSystem):
    """Of the disk, with objects that one process alone can create."""

    protocol = "disk"

    def pipe_file(self, path: str, value: bytes, mode: str = "overwrite", **kwargs: Any) -> None:
        """Write a file; with mode "create" one that must not be there."""
        flags = os.O_WRONLY | os.O_CREAT | (os.O_EXCL if mode == "create" else os.O_TRUNC)
        with os.fdopen(os.open(self._strip_protocol(path), flags, 0o644), "wb") as file:
            file.write(value)

    @classmethod
    def _strip_protocol(cls, path: Any) -> str:
        text = str(path)
        return super()._strip_protocol(text.removeprefix("disk://"))


def register() -> None:
    """Let fsspec know it, in this process."""
    fsspec.register_implementation("disk", Disk, clobber=True)
