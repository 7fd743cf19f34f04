"""MLflow's SQLite store (`mlflow.db`), opened read-only: nothing is written to it or beside it.

A NaN is stored as 0 with a flag, an infinity as the largest float. Several runs are asked about (`--run`, by name or id).
"""

from __future__ import annotations

import contextlib
import math
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from dermai_report.errors import DermaiError
from dermai_report.run import Run
from dermai_report.sources import _choice
from dermai_report.sources._assemble import assemble
from dermai_report.sources._log import NO, SURE, Log
from dermai_report.sources._mlflow import curves_of_training, series_table, status_of, time_of
from dermai_report.sources._table import Table

MAGIC = b"SQLite format 3\0"
INFINITE = 1.797e308  # MLflow stores ±1.7976931348623157e308
MOST_RUNS = 2000
MOST_VALUES = 2_000_000
SECONDS = 20.0  # that one question to the file may take


def recognises(log: Log) -> int:
    """A SQLite file with the tables `runs` and `metrics`."""
    if not log.head.startswith(MAGIC):
        return NO
    try:
        with _opened(log.path) as db:
            names = {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table' LIMIT 1000")}
    except DermaiError:
        return NO
    return SURE if {"runs", "metrics"} <= names else NO


def read(log: Log) -> Run:
    """Read one run; raises DermaiError that lists the runs where there are several."""
    notes: list[str] = []
    if log.path.with_name(f"{log.name}-wal").exists():
        notes.append(f"{log.name}-wal stands beside the file: the last values may be in it, and it was not read.")
    with _opened(log.path) as db:
        runs = _runs(db)
        if not runs:
            raise DermaiError(f"{log.path} holds no run with values", "name the store of a training")
        id_ = _chosen(log, runs)
        about = runs[id_]
        tables = _tables(db, id_, log.name, notes)
        config = dict(db.execute("SELECT key, value FROM params WHERE run_uuid = ? LIMIT 2000", (id_,)))
    return assemble(log, curves_of_training(tables, notes), source="mlflow_sqlite", notes=notes, config=config, id=id_, **about)


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    """The database, read-only and as it lies there; every error of SQLite becomes a DermaiError."""
    end = time.monotonic() + SECONDS
    try:
        db = sqlite3.connect(f"file:{quote(str(path.absolute()))}?mode=ro&immutable=1", uri=True)
        try:
            db.execute("PRAGMA trusted_schema = OFF")
            db.execute("PRAGMA cell_size_check = ON")
            db.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 16 * 1024**2)
            db.set_progress_handler(lambda: time.monotonic() > end, 10_000)
            db.text_factory = lambda raw: raw.decode("utf-8", "replace")
            yield db
        finally:
            db.close()
    except (sqlite3.Error, ValueError, OverflowError, MemoryError) as error:  # a message of SQLite may be no text
        raise DermaiError(
            f"{path} cannot be read as MLflow's database: {error}", "export the run's metrics to CSV, or mend the file"
        ) from None


def _runs(db: sqlite3.Connection) -> dict[str, dict[str, Any]]:
    rows = db.execute(
        "SELECT run_uuid, name, status, start_time, end_time FROM runs WHERE lifecycle_stage IS NOT 'deleted' "
        "AND run_uuid IN (SELECT DISTINCT run_uuid FROM metrics) ORDER BY start_time LIMIT ?",
        (MOST_RUNS,),
    )
    return {
        str(id_): {"name": str(name or id_), "status": status_of(status), "started": time_of(start), "finished": time_of(end)}
        for id_, name, status, start, end in rows
    }


def _chosen(log: Log, runs: dict[str, dict[str, Any]]) -> str:
    """The id of the run; by its whole name where that is one run's alone."""
    names = [about["name"] for about in runs.values()]
    listed = {f"{id_} ({about['name']})": id_ for id_, about in runs.items()}
    if log.run is not None and names.count(log.run) == 1 and len(runs) > 1:
        listed = {k: v for k, v in listed.items() if runs[v]["name"] == log.run}
        log.notes.append(f"{log.name} holds {len(runs)} runs; this is {log.run}.")
    return _choice.one_of(log, listed)


def _tables(db: sqlite3.Connection, id_: str, file: str, notes: list[str]) -> list[Table]:
    series: dict[str, tuple[list[float], list[float], list[int]]] = {}
    rows = db.execute(
        "SELECT key, value, step, is_nan, rowid FROM metrics WHERE run_uuid = ? ORDER BY step, timestamp, rowid LIMIT ?",
        (id_, MOST_VALUES + 1),
    ).fetchall()
    if len(rows) > MOST_VALUES:
        notes.append(f"Only the first {MOST_VALUES:,} values were read.")
    broken = 0
    for key, value, step, is_nan, row in rows[:MOST_VALUES]:
        if not isinstance(value, int | float) or not isinstance(step, int) or not isinstance(row, int):
            broken += 1
            continue
        steps, values, lines = series.setdefault(str(key), ([], [], []))
        steps.append(float(step))
        values.append(math.nan if is_nan else math.copysign(math.inf, value) if abs(value) >= INFINITE else float(value))
        lines.append(row)
    if broken:
        notes.append(f"{broken} values of {file} that are no numbers were left out.")
    return [series_table(name, *columns, file) for name, columns in series.items()]
