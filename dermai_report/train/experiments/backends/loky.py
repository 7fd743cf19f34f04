"""Processes on this machine (joblib's own, the default)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import joblib

from dermai_report.errors import DermaiError


@contextmanager
def workers(jobs: int, address: str | None) -> Iterator[None]:
    """`jobs` processes; with one, this very process."""
    if address is not None:
        raise DermaiError("--address is of another backend", "add --backend ray or --backend dask")
    with joblib.parallel_config("loky", n_jobs=jobs, inner_max_num_threads=None):
        yield
