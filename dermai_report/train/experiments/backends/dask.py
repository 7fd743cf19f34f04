"""Dask: a scheduler at an address, or a local cluster that is started here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import joblib

from dermai_report.errors import DermaiError

# Dask trains in a thread beside that of the worker. glibc gives such a thread a memory of its own, which returns every batch's to the
# system: four times the page faults, 18 % longer epochs. And a sampling profiler would look at the training a hundred times a second.
WORKERS = {"distributed.nanny.pre-spawn-environ.MALLOC_ARENA_MAX": 1, "distributed.worker.profile.enabled": False}


@contextmanager
def workers(jobs: int, address: str | None) -> Iterator[None]:
    """`jobs` trials at a time. Raises DermaiError where Dask is missing or the scheduler does not answer."""
    try:
        from dask import config
        from dask.distributed import Client, LocalCluster
    except ModuleNotFoundError:
        raise DermaiError("Dask is not installed", "pip install 'dermai-report[dask]'") from None
    try:
        if address is None:
            with config.set(WORKERS):
                client = Client(LocalCluster(n_workers=jobs, threads_per_worker=1, dashboard_address=None))
        else:
            client = Client(address, timeout=10)
    except (OSError, ValueError) as error:
        raise DermaiError(f"no Dask scheduler answers at {address}: {error}", "dask scheduler prints the address") from None
    with client, joblib.parallel_config("dask", n_jobs=jobs):
        yield
