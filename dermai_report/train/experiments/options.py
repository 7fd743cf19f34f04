"""The options that all experiments share: how often, and where the trials run."""

from __future__ import annotations

import argparse
import os
from typing import Any

from dermai_report import registry
from dermai_report.errors import DermaiError
from dermai_report.storage.experiment_files import Workers

BACKENDS = "train.experiments.backends"


def add_options(parser: argparse.ArgumentParser) -> None:
    """--jobs, --backend, --address."""
    group = parser.add_argument_group("workers")
    group.add_argument("--jobs", type=int, metavar="N", help="trials at a time (default: 1)")
    group.add_argument(
        "--backend", metavar="NAME", help=f"where trials run: {', '.join(registry.names(BACKENDS))} (default: loky)"
    )
    group.add_argument("--address", metavar="ADDRESS", help="of a Ray or Dask cluster; without it one is started here")


def workers(given: dict[str, Any]) -> Workers:
    """Taken out of what was given. Raises DermaiError for an unknown backend or fewer than one job."""
    jobs = at_least(1, "--jobs", given.pop("jobs", 1))
    backend = given.pop("backend", "loky")
    registry.load(BACKENDS, backend, "backend")
    return Workers(jobs=jobs, backend=backend, address=given.pop("address", None), threads=threads_for(jobs))


def at_least(least: int, option: str, value: int) -> int:
    """The value; raises DermaiError below `least`."""
    if value < least:
        raise DermaiError(f"{option} {value} is out of range", f"range: >= {least}")
    return value


def threads_for(jobs: int) -> int:
    """Threads a trial, so that all the trials at a time share this machine's cores."""
    return max(1, len(os.sched_getaffinity(0)) // jobs if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1) // jobs)
