"""The error of an adapter whose framework is not installed."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from dermai_report.errors import DermaiError


@contextlib.contextmanager
def needs(framework: str, package: str) -> Iterator[None]:
    """Turn the failed import of `framework` into a DermaiError that names the pip command which brings `package`."""
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != framework.partition(".")[0]:
            raise
        raise DermaiError(f"{package} is not installed in this environment", f"pip install {package}") from None
