"""The project's own run directory (run.json, epochs.jsonl, ...)."""

from pathlib import Path

from dermai_report.run import Run
from dermai_report.run_directory import MANIFEST, read_run_directory


def recognises(path: Path) -> bool:
    """A folder with run.json, or that file itself."""
    return (path / MANIFEST).is_file() or (path.name == MANIFEST and path.is_file())


def read(path: Path) -> Run:
    """Read it; raises DermaiError naming file and line."""
    return read_run_directory(path.parent if path.name == MANIFEST else path)
