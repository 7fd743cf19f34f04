"""ClearML's offline session: a zip, or the folder it was made of, with `metrics.jsonl` (a list of events a line) and `task.json`.

The number after `metrics.jsonl` in a report is that of the line.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dermai_report.errors import DermaiError
from dermai_report.run import Run
from dermai_report.sources._assemble import assemble
from dermai_report.sources._log import NO, SURE, Log, parse_json
from dermai_report.sources._table import Table, table_of_rows

METRICS, TASK = "metrics.jsonl", "task.json"
LARGEST = 256 * 1024**2  # bytes of a file
SCALAR = "training_stats_scalar"


def recognises(log: Log) -> int:
    """Both files in the folder (a zip is read as one), or metrics.jsonl itself."""
    if log.is_folder:
        return SURE if (log.path / METRICS).is_file() and (log.path / TASK).is_file() else NO
    return SURE if log.head.startswith(b"[{") and f'"{SCALAR}"' in log.head_text and '"variant"' in log.head_text else NO


def read(log: Log) -> Run:
    """Read the session's scalars; raises DermaiError where there are none."""
    notes: list[str] = []
    metrics = log.path / METRICS if log.is_folder else log.path
    tables = list(_tables(Log(metrics).read_bytes(LARGEST), notes))
    if not tables:
        raise DermaiError(f"{log.path} holds no scalars", "report them: logger.report_scalar('loss', 'val', value, epoch)")
    task = metrics.parent / TASK
    about = parse_json(Log(task).read_bytes(LARGEST)) if task.is_file() else {}
    facts: dict[str, Any] = {k: str(about[k]) for k in ("id", "name") if isinstance(about, dict) and about.get(k)}
    return assemble(log, tables, source="clearml_offline", notes=notes, files=[metrics], **facts)


def _tables(content: bytes, notes: list[str]) -> Iterator[Table]:
    """A table a curve: a chart's title and its series are the name."""
    curves: dict[str, list[tuple[int, dict[str, Any]]]] = {}
    broken = 0
    for number, line in enumerate(content.split(b"\n"), 1):
        if not line.strip():
            continue
        events = parse_json(line)
        if not isinstance(events, list):
            broken += 1
            continue
        for event in events:
            if isinstance(event, dict) and event.get("type") == SCALAR:
                name = f"{event.get('metric')}/{event.get('variant')}"
                curves.setdefault(name, []).append((number, {"step": event.get("iter"), name: event.get("value")}))
    if broken:
        notes.append(f"{broken} lines of {METRICS} that are not whole were left out.")
    for name, rows in curves.items():
        yield table_of_rows([(n, row) for n, row in rows if isinstance(row[name], int | float)], METRICS)
