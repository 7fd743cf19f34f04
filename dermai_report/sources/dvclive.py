"""DVCLive: a folder with a TSV file a metric below `plots/metrics` (older versions: `plots/scalars`, `scalars`).

A file holds `step` and the metric, and may start with `timestamp`; the split is often the folder: `train/accuracy.tsv`.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from dermai_report.errors import DermaiError
from dermai_report.run import Run
from dermai_report.sources._assemble import assemble
from dermai_report.sources._csv import csv_table, dialect_of
from dermai_report.sources._log import NO, SURE, Log, read_yaml
from dermai_report.sources._table import Table

PLACES = ("plots/metrics", "plots/scalars", "scalars", "dvclive/plots/metrics", "dvclive/plots/scalars")
SETTINGS = "params.yaml"


def recognises(log: Log) -> int:
    """A folder with such files, or the metrics.json beside them."""
    folder = log.path if log.is_folder else log.path.parent if log.name == "metrics.json" else None
    return SURE if folder is not None and _place(folder) is not None else NO


def read(log: Log) -> Run:
    """Read the run; raises DermaiError where no file holds a series."""
    folder = log if log.is_folder else log.below(log.path.parent)
    place = _place(folder.path)
    if place is None:
        raise DermaiError(f"{log.path} has no {PLACES[0]} in it", "name the folder that DVCLive wrote")
    notes: list[str] = []
    files = Log(place).files("*.tsv")
    tables = [t for p in files if (t := _series(p, place, notes)) is not None]
    settings = place.parent.parent / SETTINGS
    config = read_yaml(settings, log.notes) if settings.is_file() else {}
    return assemble(folder, tables, source="dvclive", notes=notes, files=files, config=config)


def _place(folder: Path) -> Path | None:
    for name in PLACES:
        place = folder / name
        if place.is_dir() and next(place.rglob("*.tsv"), None) is not None:
            return place
    return None


def _series(path: Path, place: Path, notes: list[str]) -> Table | None:
    """The file's table, its last column called by the file's path."""
    name = path.relative_to(place).with_suffix("").as_posix()
    log = Log(path)
    if dialect_of(log) is None:
        notes.append(f"{name}.tsv holds no series and was left out.")
        return None
    table = csv_table(log)
    last = list(table.numbers)[-1] if table.numbers else None
    if last is None or "step" not in table.numbers or last == "step":
        notes.append(f"{name}.tsv has no step and value, and was left out.")
        return None
    return replace(table, numbers={"step": table.numbers["step"], name: table.numbers[last]}, texts={}, file=f"{name}.tsv")
