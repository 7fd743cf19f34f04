"""Facts of the machine and the code, for run.json: enough to repeat a run, nothing personal."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import subprocess
from typing import Any

LIBRARIES = ("dermai-report", "torch", "torchvision", "numpy", "pillow", "scikit-learn")


def versions() -> dict[str, Any]:
    """Versions of Python, the platform, and the libraries that are installed."""
    facts: dict[str, Any] = {
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
        "cpus": os.cpu_count(),
    }
    for name in LIBRARIES:
        try:
            facts[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return facts


def git_state() -> dict[str, Any]:
    """Revision of the working directory and whether it has uncommitted changes; empty outside a repository."""
    revision = _git("rev-parse", "HEAD")
    if revision is None:
        return {}
    return {"revision": revision, "dirty": bool(_git("status", "--porcelain", "--untracked-files=no"))}


def _git(*arguments: str) -> str | None:
    try:
        done = subprocess.run(["git", *arguments], capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
