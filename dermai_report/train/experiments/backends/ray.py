"""Ray: a cluster at an address, or one that is started here."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import joblib

from dermai_report.errors import DermaiError


@contextmanager
def workers(jobs: int, address: str | None) -> Iterator[None]:
    """`jobs` of the cluster's workers at a time. Raises DermaiError where Ray is missing or the cluster does not answer."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing is reported to anybody
    try:
        import ray
        from ray.util.joblib import register_ray
    except ModuleNotFoundError:
        raise DermaiError("Ray is not installed", "pip install 'dermai-report[ray]'") from None
    try:
        if address is None:
            ray.init(num_cpus=jobs, include_dashboard=False, log_to_driver=True)
        else:
            ray.init(address=address, log_to_driver=True)
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise DermaiError(f"no Ray cluster answers at {address}: {error}", "ray start --head prints the address") from None
    try:
        register_ray()
        with joblib.parallel_config("ray", n_jobs=jobs):
            yield
    finally:
        ray.shutdown()
