"""Files that are either whole or absent: written beside, flushed to disk, renamed."""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from dermai_report.errors import DermaiError


def write_atomically(path: Path, write: bytes | str | Callable[[Path], None]) -> None:
    """Put a whole new file at `path`, or leave what was there untouched.

    `write` is the content (text as UTF-8), or a function that writes it to the temporary path it is given.
    Raises DermaiError when the place cannot be written to.
    """
    with writing_to(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
        os.close(handle)
        temporary = Path(name)
        try:
            if callable(write):
                write(temporary)
            else:
                temporary.write_bytes(write.encode("utf-8") if isinstance(write, str) else write)
            temporary.chmod(0o666 & ~_umask())
            _flush_to_disk(temporary)
            temporary.replace(path)
            flush_folder(path.parent)
        finally:
            temporary.unlink(missing_ok=True)


def point_to(link: Path, target: str) -> None:
    """Switch the symbolic link `link` to `target` in one step; where links cannot be made, a file that holds the name."""
    with writing_to(link):
        temporary = link.with_name(f".{link.name}.{os.urandom(8).hex()}.tmp")  # a process id is unique on one machine only
        try:
            temporary.symlink_to(target)
        except (OSError, NotImplementedError):  # Windows without the privilege
            write_atomically(link, target + "\n")
            return
        temporary.replace(link)
        flush_folder(link.parent)


def sha256(path: Path) -> str:
    """Hex digest of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def flush_folder(folder: Path) -> None:
    """Flush a folder's own entries, so that a rename in it survives a power cut (not offered by Windows)."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@contextlib.contextmanager
def writing_to(path: Path) -> Iterator[None]:
    """Turn an OSError met while writing `path` into a DermaiError that names it."""
    try:
        yield
    except OSError as error:
        raise DermaiError(
            f"cannot write {path}: {error.strerror or error}",
            "choose a place you may write to and that has free space",
        ) from error


@contextlib.contextmanager
def reading_from(path: Path) -> Iterator[None]:
    """Turn an OSError met while reading `path`, or a file below it, into a DermaiError that names the file."""
    try:
        yield
    except OSError as error:
        raise DermaiError(
            f"cannot read {error.filename or path}: {error.strerror or error}", "name a path that exists and that you may read"
        ) from error


def _flush_to_disk(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def may_be_read(folder: Path) -> bool:
    """Whether a folder may be listed and looked into."""
    return os.access(folder, os.R_OK | os.X_OK)
