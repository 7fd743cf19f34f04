"""A folder behind an address, through fsspec: its objects are whole or absent, whoever looks and whenever."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from dermai_report.errors import DermaiError
from dermai_report.remote.addresses import shown, telling

WHOLE = {"s3", "s3a", "gs", "gcs", "abfs", "abfss", "az"}  # stores in which an object appears once all of it has arrived


class Store:
    """The folder at `address`; names are relative to it, with slashes. Whatever fails raises DermaiError with the address."""

    def __init__(self, address: str) -> None:
        self.address = address
        with telling(address):
            from fsspec.core import url_to_fs

            self._files, root = url_to_fs(address)
        self._root: str = root.rstrip("/")
        protocols = (self._files.protocol,) if isinstance(self._files.protocol, str) else self._files.protocol
        self._is_whole = bool(WHOLE.intersection(protocols))

    def below(self, name: str) -> Store:
        """A folder in it."""
        inner: Store = Store.__new__(Store)
        inner.address, inner._root = f"{self.address}/{name}", f"{self._root}/{name}"
        inner._files, inner._is_whole = self._files, self._is_whole
        return inner

    def put(self, name: str, content: bytes | Path) -> None:
        """Put a whole new object, from bytes or from a file. Elsewhere than in an object store it is written beside and renamed."""
        place = f"{self._root}/{name}"
        with telling(self.address, "write"):
            if self._is_whole:
                self._write(place, content)
                return
            folder, _, last = place.rpartition("/")
            self._files.makedirs(folder, exist_ok=True)
            beside = f"{folder}/.{last}.{os.urandom(8).hex()}.tmp"
            try:
                self._write(beside, content)
                self._files.mv(beside, place)
            except BaseException:
                with contextlib.suppress(Exception):
                    self._files.rm_file(beside)
                raise

    def create(self, name: str, content: bytes) -> bool:
        """Put an object that is not there yet; False where it is.

        Of several processes at once one alone succeeds, if the store can tell: S3 and others that know If-None-Match, Google's and
        Azure's stores. Elsewhere fsspec looks first and then writes.
        """
        with telling(self.address, "write"):
            if not self._is_whole:
                self._files.makedirs(f"{self._root}/{name}".rpartition("/")[0], exist_ok=True)
            try:
                self._files.pipe_file(f"{self._root}/{name}", content, mode="create")
            except FileExistsError:
                return False
        return True

    def read(self, name: str) -> bytes | None:
        """All of an object; None where there is none."""
        with telling(self.address):
            try:
                content: bytes = self._files.cat_file(f"{self._root}/{name}")
            except FileNotFoundError:
                return None
        return content

    def fetch(self, name: str, place: Path) -> None:
        """Copy an object to a path."""
        place.parent.mkdir(parents=True, exist_ok=True)
        with telling(self.address):
            self._files.get_file(f"{self._root}/{name}", str(place))

    def remove(self, name: str) -> None:
        """Take an object away, if it is there."""
        with telling(self.address, "write"):
            try:
                self._files.rm_file(f"{self._root}/{name}")
            except FileNotFoundError:
                return

    def names(self) -> list[str]:
        """The objects in it and in its folders, as they are now, but for those that are still being written (in `put`)."""
        with telling(self.address):
            return sorted(self._names())

    def _names(self) -> Iterator[str]:
        self._files.invalidate_cache()  # others write here
        root = self._root.strip("/")
        for found in self._files.find(self._root):
            name = str(found).strip("/").removeprefix(root).strip("/")
            if any(part in ("", ".", "..") for part in name.split("/")) or "\\" in name:
                raise DermaiError(f"the name {name!r:.80} leads out of its folder", "this is no run; do not trust it")
            if not name.rpartition("/")[2].startswith("."):
                yield name

    def _write(self, place: str, content: bytes | Path) -> None:
        if isinstance(content, bytes):
            self._files.pipe_file(place, content)
        else:
            self._files.put_file(str(content), place)

    def __str__(self) -> str:
        """As it may be shown."""
        return shown(self.address)
