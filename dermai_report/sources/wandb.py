"""Weights & Biases, offline: `run-*.wandb`, and `wandb-history.jsonl` of old versions.

A row a call of `wandb.log`, by names of the user's own. `wandb-summary.json` holds last values, and is no log.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dermai_report.errors import DermaiError
from dermai_report.run import Run
from dermai_report.sources import _choice
from dermai_report.sources._assemble import assemble
from dermai_report.sources._log import LIKELY, NO, SURE, Log, parse_json
from dermai_report.sources._table import Table, table_of_rows
from dermai_report.sources._trainer_names import summary_names
from dermai_report.sources._wandb_file import MAGIC, Recorded, read_records

OWN = ("_step", "_runtime", "_timestamp", "_wandb")
HISTORY = "wandb-history.jsonl"


def recognises(log: Log) -> int:
    """The magic bytes, the keys that every row and every summary has, or a folder of a run or of runs."""
    if log.is_folder:
        return (SURE if len(_files(log)) == 1 else LIKELY) if _files(log) and _is_own_folder(log.path) else NO
    if log.head.startswith(MAGIC):
        return SURE
    rows = log.json_lines
    return SURE if _is_summary(log) or (rows and all("_step" in r and "_runtime" in r for r in rows[:20])) else NO


def read(log: Log) -> Run:
    """Read one run; raises DermaiError where there are several, or where the file is a summary."""
    if log.is_folder:
        files = {p.parent.relative_to(log.path).as_posix() if p.parent != log.path else p.name: p for p in _files(log)}
        log = log.below(_choice.one_of(log, files))
        log.run = None
    if log.head.startswith(MAGIC):
        return _read_records(log)
    if _is_summary(log):
        raise DermaiError(
            f"{log.path} holds the last value of each metric, and no history", "name the file run-*.wandb beside it"
        )
    rows = [(i, parse_json(line.encode())) for i, line in enumerate(log.lines, 1) if line.strip()]
    broken = [i for i, row in rows if not isinstance(row, dict)]
    notes = [f"{log.name}:{broken[0]} is not whole and was left out."] if broken else []
    return assemble(log, [_table([(i, r) for i, r in rows if isinstance(r, dict)], log.name)], source="wandb", notes=notes)


def _is_summary(log: Log) -> bool:
    return isinstance(log.json, dict) and {"_wandb", "_step"} <= set(log.json)


def _is_own_folder(folder: Path) -> bool:
    return folder.name == "wandb" or any(
        True for pattern in ("*.wandb", f"files/{HISTORY}", HISTORY) for _ in folder.glob(pattern)
    )


def _files(log: Log) -> list[Path]:
    found: list[Path] = log.kept.setdefault("wandb files", log.files("*.wandb") or log.files(HISTORY))
    return found


def _read_records(log: Log) -> Run:
    found = read_records(log.data)
    notes = [f"{log.name}: {problem}." for problem in found.problems]
    if not found.rows:
        raise DermaiError(
            f"{log.path} holds no history: nothing was logged" + (f" ({notes[0]})" if notes else ""),
            "name the log of a training",
        )
    table = _table(list(enumerate(found.rows, 1)), log.name)
    return assemble(log, [table], source="wandb", notes=notes, **_facts(found))


def _table(rows: list[tuple[int, dict[str, Any]]], file: str) -> Table:
    """The rows without W&B's own clock and settings; `train/epoch`, as the Trainer calls it, is the epoch."""
    names = {name for _, row in rows for name in row}
    out = {*OWN[1:], *summary_names(names)}
    called = {"train/epoch": "epoch"} if "epoch" not in names else {}
    return table_of_rows([(i, {called.get(k, k): v for k, v in row.items() if k not in out}) for i, row in rows], file)


def _facts(found: Recorded) -> dict[str, Any]:
    status = "unknown" if found.exit_code is None else "failed" if found.exit_code else "finished"
    facts: dict[str, Any] = {"config": found.config, "status": status}
    if found.id:
        facts["id"] = found.id
    if found.name:
        facts["name"] = found.name
    if found.started is not None and 0 < found.started < 4e9:
        facts["started"] = datetime.fromtimestamp(found.started, UTC).isoformat()
    return facts
