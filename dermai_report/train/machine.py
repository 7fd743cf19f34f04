"""The device a run uses, its threads, and the seeds that make it repeatable."""

from __future__ import annotations

import hashlib
import os
import random
from pathlib import Path

import numpy as np
import torch

from dermai_report.errors import DermaiError
from dermai_report.train import distributed
from dermai_report.train.config import TrainConfig


def choose_device(config: TrainConfig) -> torch.device:
    """The device by name, "auto" being the fastest there is; sets the number of threads.

    Raises DermaiError for a device that this machine or this torch lacks.
    """
    if config.threads:
        torch.set_num_threads(config.threads)
    available = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if config.device == "auto":
        return distributed.local_device(torch.device(next(name for name, there in available.items() if there)))
    device = torch.device(config.device)
    if not available[device.type] or (device.index or 0) >= max(torch.cuda.device_count(), 1):
        usable = ", ".join(name for name, there in available.items() if there)
        raise DermaiError(f"no device {config.device!r} here (torch {torch.__version__})", f"usable: auto, {usable}")
    return distributed.local_device(device)


def cache_folder(config: TrainConfig) -> Path | None:
    """Where decoded pictures are kept between runs; None when switched off."""
    if config.cache == "none":
        return None
    if config.cache:
        return Path(config.cache)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "dermai-report"


def make_repeatable(device: torch.device) -> None:
    """Ask for deterministic algorithms where torch's default ones are not; on a processor they are."""
    if device.type == "cuda":
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
        torch.use_deterministic_algorithms(True, warn_only=True)


def seed_all(seed: int, epoch: int) -> None:
    """Start an epoch's random numbers from (seed, epoch) alone: resuming at an epoch needs no saved random state."""
    number = number_of(seed, epoch)
    random.seed(number)
    np.random.seed(number % 2**32)
    torch.manual_seed(number)


def number_of(seed: int, what: int | str) -> int:
    """A seed of 63 bits for one purpose of a run."""
    digest = hashlib.sha256(f"{seed}/{what}".encode()).digest()
    return int.from_bytes(digest[:8], "little") >> 1


def describe(device: torch.device) -> dict[str, str | int]:
    """What run.json says about the machine."""
    facts: dict[str, str | int] = {"device": str(device), "threads": torch.get_num_threads()}
    if device.type == "cuda":
        facts |= {"device_name": torch.cuda.get_device_name(device), "cuda": str(torch.version.cuda)}
    elif device.type == "cpu":
        facts["cpu_capability"] = torch.backends.cpu.get_cpu_capability()
    return facts
