"""The project's own run directory (run.json, epochs.jsonl, ...)."""

from dermai_report.run import Run
from dermai_report.sources._log import NO, SURE, Log
from dermai_report.storage.run_directory import MANIFEST, read_run_directory


def recognises(log: Log) -> int:
    """A folder with run.json, or that file itself."""
    return SURE if (log.path / MANIFEST).is_file() or (log.name == MANIFEST and log.path.is_file()) else NO


def read(log: Log) -> Run:
    """Read it; raises DermaiError naming file and line."""
    return read_run_directory(log.path.parent if log.name == MANIFEST else log.path)
