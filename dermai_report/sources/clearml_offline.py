"""ClearML's offline session: a zip, or the folder it was made of, with `metrics.jsonl` (a list of events a line) and `task.json`.

Members of the zip are read in memory, and nothing is unpacked. The number after `metrics.jsonl` is that of the line.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from typing import Any

from dermai_report.errors import DermaiError
from dermai_report.run import Run
from dermai_report.sources._assemble import assemble
from dermai_report.sources._log import NO, SURE, Log, parse_json
from dermai_report.sources._table import Table, table_of_rows

METRICS, TASK = "metrics.jsonl", "task.json"
LARGEST = 256 * 1024**2  # bytes of a member, unpacked
SCALAR = "training_stats_scalar"


def recognises(log: Log) -> int:
    """Both members in the zip, or both files in the folder, or metrics.jsonl itself."""
    if log.is_folder:
        return SURE if (log.path / METRICS).is_file() and (log.path / TASK).is_file() else NO
    if log.head.startswith(b"PK\x03\x04"):
        try:
            with zipfile.ZipFile(log.path) as archive:
                return SURE if {METRICS, TASK} <= set(archive.namelist()) else NO
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
            return NO
    return SURE if log.head.startswith(b"[{") and f'"{SCALAR}"' in log.head_text and '"variant"' in log.head_text else NO


def read(log: Log) -> Run:
    """Read the session's scalars; raises DermaiError where there are none."""
    notes: list[str] = []
    tables = list(_tables(_member(log, METRICS), notes))
    if not tables:
        raise DermaiError(f"{log.path} holds no scalars", "report them: logger.report_scalar('loss', 'val', value, epoch)")
    about = parse_json(_member(log, TASK))
    about = about if isinstance(about, dict) else {}
    facts: dict[str, Any] = {k: str(about[k]) for k in ("id", "name") if about.get(k)}
    return assemble(log, tables, source="clearml_offline", notes=notes, **facts)


def _member(log: Log, name: str) -> bytes:
    """A member of the session; empty where it has none. Raises DermaiError where it is damaged or too large."""
    if log.is_folder or (name != log.name and not log.head.startswith(b"PK")):
        place = log.path if log.is_folder else log.path.parent
        return Log(place / name).read_bytes(LARGEST) if (place / name).is_file() else b""
    if not log.head.startswith(b"PK"):
        return log.read_bytes(LARGEST)
    try:
        with zipfile.ZipFile(log.path) as archive, archive.open(name) as file:
            content = file.read(LARGEST + 1)
    except KeyError:
        return b""
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, RuntimeError, NotImplementedError) as error:
        raise DermaiError(
            f"{log.path}: {name} cannot be read: {error}", "name the session's folder, or pack it again"
        ) from None
    if len(content) > LARGEST:
        raise DermaiError(
            f"{log.path}: {name} is larger than {LARGEST // 1024**2} MB, the most that is read", "report fewer scalars"
        )
    return content


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
