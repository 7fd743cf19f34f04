"""MLflow's file store: a folder a run, with a file a metric: `timestamp value step`, a line a value.

The folder of a run, of an experiment or of the whole store (`mlruns`). Several runs are asked about (`--run`, by name or id).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dermai_report.errors import DermaiError
from dermai_report.run import Run
from dermai_report.sources import _choice
from dermai_report.sources._assemble import assemble
from dermai_report.sources._log import NO, SURE, Log, read_yaml
from dermai_report.sources._mlflow import curves_of_training, series_table, status_of, time_of
from dermai_report.sources._table import Table

META = "meta.yaml"
LARGEST = 64 * 1024**2  # bytes of a metric's file: about a million values
OTHERS = {".trash", "models"}  # folders of the store that hold no runs: what was deleted, and logged models
SMALL = 64 * 1024  # bytes of a parameter


@dataclass(frozen=True)
class About:
    """What meta.yaml says of a run."""

    folder: Path
    name: str
    id: str
    facts: dict[str, Any]


def recognises(log: Log) -> int:
    """A folder with runs of MLflow in it: metrics/ beside meta.yaml."""
    return SURE if log.is_folder and _folders(log) else NO


def read(log: Log) -> Run:
    """Read one run; raises DermaiError that lists the runs where there are several."""
    runs = {}
    for folder in _folders(log):
        about = _about(folder, log)
        runs[f"{about.id} ({about.name})" if about.name else about.id] = about
    about = _by_id(log, runs) or _choice.one_of(log, runs)
    notes: list[str] = []
    files = sorted(p for p in (about.folder / "metrics").rglob("*") if p.is_file() and not p.is_symlink())
    tables = [t for p in files if (t := _metric(p, about.folder, notes)) is not None]
    if not tables:
        raise DermaiError(f"{about.folder} holds no values of any metric", "name the folder of a run that logged some")
    facts = {"id": about.id, "name": about.name or about.id, "config": dict(_parameters(about.folder)), **about.facts}
    return assemble(log, curves_of_training(tables, notes), source="mlflow_files", notes=notes, files=files, **facts)


def _folders(log: Log) -> list[Path]:
    found: list[Path] | None = log.kept.get("mlflow runs")
    if found is None:
        places = [log.path, *(p for depth in ("*", "*/*", "mlruns/*/*") for p in sorted(log.path.glob(depth))[:5000])]
        found = [p for p in places if (p / META).is_file() and (p / "metrics").is_dir() and not OTHERS & set(p.parts)]
        log.kept["mlflow runs"] = found
    return found


def _about(folder: Path, log: Log) -> About:
    meta = read_yaml(folder / META, log.notes)
    facts = {
        "status": status_of(meta.get("status")),
        "started": time_of(meta.get("start_time")),
        "finished": time_of(meta.get("end_time")),
    }
    name = str(meta.get("run_name") or _small(folder / "tags" / "mlflow.runName") or "")
    return About(folder, name, str(meta.get("run_id") or folder.name), facts)


def _by_id(log: Log, runs: dict[str, About]) -> About | None:
    named = [a for a in runs.values() if log.run and (a.id.startswith(log.run) or a.name == log.run)]
    if len(named) != 1 or len(runs) == 1:
        return None
    log.notes.append(f"{log.name} holds {len(runs)} runs; this is {named[0].name or named[0].id}.")
    return named[0]


def _metric(path: Path, run: Path, notes: list[str]) -> Table | None:
    name = path.relative_to(run / "metrics").as_posix()
    file = path.relative_to(run).as_posix()
    steps, values, lines, broken = [], [], [], 0
    for number, line in enumerate(Log(path).read_bytes(LARGEST).splitlines(), 1):
        parts = line.split()
        try:
            value = float(parts[1])
            step = int(parts[2]) if len(parts) > 2 else number - 1
        except (ValueError, IndexError):
            broken += bool(parts)
            continue
        steps.append(float(step))
        values.append(value)
        lines.append(number)
    if broken:
        notes.append(f"{broken} broken lines of {file} were left out.")
    return series_table(name, steps, values, lines, file) if values else None


def _parameters(folder: Path) -> Iterator[tuple[str, str]]:
    place = folder / "params"
    for path in sorted(place.rglob("*"))[:2000] if place.is_dir() else []:
        if path.is_file() and not path.is_symlink():
            yield path.relative_to(place).as_posix(), _small(path)


def _small(path: Path) -> str:
    if not path.is_file():
        return ""
    with path.open("rb") as file:
        return file.read(SMALL).decode("utf-8", "replace")
