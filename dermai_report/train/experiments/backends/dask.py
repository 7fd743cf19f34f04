"""Dask: a scheduler at an address, or a local cluster that is started here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import joblib

from dermai_report.errors import DermaiError


@contextmanager
def workers(jobs: int, address: str | None) -> Iterator[None]:
    """`jobs` trials at a time. Raises DermaiError where Dask is missing or the scheduler does not answer."""
    try:
        from dask.distributed import Client, LocalCluster
    except ModuleNotFoundError:
        raise DermaiError("Dask is not installed", "pip install 'dermai-report[dask]'") from None
    try:
        if address is None:
            client = Client(LocalCluster(n_workers=jobs, threads_per_worker=1, dashboard_address=None))
        else:
            client = Client(address, timeout=10)
    except (OSError, ValueError) as error:
        raise DermaiError(f"no Dask scheduler answers at {address}: {error}", "dask scheduler prints the address") from None
    with client, joblib.parallel_config("dask", n_jobs=jobs):
        yield
