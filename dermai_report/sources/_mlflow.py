"""What MLflow's two stores share: a metric as a table of its own steps, which metrics are curves, statuses and times."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np

from dermai_report.sources._table import Column, Table
from dermai_report.sources._trainer_names import summary_names

STATUS = {"1": "running", "2": "unknown", "3": "finished", "4": "failed", "5": "interrupted"}
STATUS |= {"RUNNING": "running", "SCHEDULED": "unknown", "FINISHED": "finished", "FAILED": "failed", "KILLED": "interrupted"}


def series_table(name: str, steps: list[float], values: list[float], lines: list[int], file: str) -> Table:
    """One metric's table, in the order of its steps (of one step, the order logged)."""
    order = np.argsort(np.array(steps), kind="stable")
    given = np.ones(len(steps), bool)
    columns = {"step": Column(np.array(steps)[order], given), name: Column(np.array(values)[order], given)}
    return Table(columns, {}, np.array(lines, np.int64)[order], file, len(steps))


def curves_of_training(tables: list[Table], notes: list[str]) -> list[Table]:
    """Without metrics that were logged once, beside others that were logged with every epoch: results, and no curve."""
    longest, ends = max(t.n for t in tables), summary_names(_name(t) for t in tables)
    tables = [t for t in tables if _name(t) not in ends]
    once = [t for t in tables if t.n == 1 and longest > 1 and _name(t).startswith(("best", "final", "last", "max", "min"))]
    if once:
        notes.append(
            f"Logged once, and no curve: {', '.join(f'{_name(t)} {t.numbers[_name(t)].values[0]:g}' for t in once[:6])}."
        )
    return [t for t in tables if not any(t is o for o in once)]


def status_of(value: Any) -> str:
    """The Run's status of MLflow's own."""
    return STATUS.get(str(value), "unknown")


def time_of(milliseconds: Any) -> str | None:
    """UTC ISO 8601, or None where it is no time."""
    try:
        return datetime.fromtimestamp(float(milliseconds) / 1000, UTC).isoformat(timespec="seconds")
    except (TypeError, ValueError, OverflowError, OSError):
        return None


def _name(table: Table) -> str:
    return next(n for n in table.names if n != "step")
