"""Addresses, such as s3://bucket/runs: what is one, what of it may be shown, and what is said when it cannot be reached."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path

from dermai_report.errors import DermaiError

ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+(://|::)")
HERE = re.compile(r"(file|local)://")  # an address of this machine's own file system
EXTRA = 'pip install "dermai-report[remote]"'


def is_address(path: str | Path) -> bool:
    """Whether it is an address, and not a path."""
    return bool(ADDRESS.match(str(path)))


def local_or_address(path: str | Path) -> Path | str:
    """A path as a Path, file:// included; any other address as it is, without a slash at its end."""
    text = str(path)
    return text.rstrip("/") if is_address(text) and not HERE.match(text) else Path(HERE.sub("", text))


def shown(address: str) -> str:
    """The address without a password, and without the query that signs it."""
    return re.sub(r"\?.*?(?=::|$)", "", re.sub(r"//[^/@:]*(:[^/@]*)?@", "//", address)).rstrip("/")


@contextlib.contextmanager
def telling(address: str, doing: str = "read") -> Iterator[None]:
    """Turn whatever a file system raises into a DermaiError with the address: each has exceptions of its own.

    doing: what is being done there, "read" or "write".
    """
    name = shown(address)
    try:
        yield
    except DermaiError as error:
        raise DermaiError(f"{name}: {error.message}", error.hint) from None
    except ImportError as error:
        raise DermaiError(f"{name} needs a package that is not installed: {error}", EXTRA) from None
    except Exception as error:
        cause = error.__cause__ or error  # a server that does not answer is "not found" to fsspec, too
        missing = isinstance(cause, FileNotFoundError) or getattr(cause, "status", None) == 404
        if missing and isinstance(error, FileNotFoundError):
            raise DermaiError(f"there is nothing at {name}", f"check the address, and that you may {doing} there") from None
        told = f"{type(cause).__name__}: {cause}".replace(address, name)
        raise DermaiError(
            f"cannot {doing} {name}: {told:.300}", "check the address, the credentials and the connection"
        ) from None
