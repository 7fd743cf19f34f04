"""MMEngine (`vis_data/scalars.json` and its copy `<timestamp>.json`) and mmcv before it (`*.log.json`): JSON lines.

MMEngine: rows of training have an epoch, and iterations as steps; rows of validation have neither split nor epoch, and the epoch as
their step. mmcv: a first line `env_info`, and the split as `mode`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dermai_report.errors import DermaiError
from dermai_report.run import Run
from dermai_report.sources import _choice
from dermai_report.sources._assemble import assemble
from dermai_report.sources._columns import task_of
from dermai_report.sources._fields import refuse_other_task
from dermai_report.sources._log import NO, SURE, Log, parse_json
from dermai_report.sources._table import number, table_of_rows

CLOCKS = ("data_time", "time", "memory", "eta")
TRAINED = {"lr", "loss", "base_lr", "epoch", "iter"}
OF_IMAGES = re.compile(r"(single-label/|multi-label/)?(accuracy|acc)\b|(accuracy_)?top-?\d")
SCALARS = "*/vis_data/scalars.json"


def recognises(log: Log) -> int:
    """Rows with the clocks that both write; or the folder of a run (`work_dir`, or a timestamp in it)."""
    if log.is_folder:
        return SURE if _scalars(log.path) else NO
    rows = log.json_lines[:200]
    if rows and ("env_info" in rows[0] or "mmcls_version" in rows[0]):
        rows = rows[1:]
        return SURE if not rows or "mode" in rows[0] else NO
    if not rows or ("mode" in rows[0] and {"epoch", "iter"} <= set(rows[0])):
        return SURE if rows else NO
    return SURE if "data_time" in rows[0] and "time" in rows[0] and any("step" in r for r in rows) else NO


def read(log: Log) -> Run:
    """Read it; raises DermaiError that lists the runs of a folder of several."""
    if log.is_folder:
        log = log.below(_choice.one_of(log, {p.parent.parent.name: p for p in _scalars(log.path)}))
        log.run = None
    notes: list[str] = []
    rows = [(i, row) for i, row in _parsed(log, notes) if "env_info" not in row]
    _refuse_other_task([row for _, row in rows], log.name)
    trained = [e for _, row in rows if row.keys() & TRAINED and (e := number(row.get("epoch"))) is not None]
    last = max(trained, default=0.0)
    kept = [(i, _row(row, last)) for i, row in rows]
    kept = [(i, row) for i, row in kept if row]
    if not kept:
        raise DermaiError(f"{log.path} holds no rows of training or validation", "name the log of a training")
    return assemble(log, [table_of_rows(kept, log.name)], source="mmengine", notes=notes)


def _refuse_other_task(rows: list[dict[str, Any]], file: str) -> None:
    """Raise DermaiError where validation measures another task: a pixel's accuracy (`aAcc`, `acc_seg`) is no classifier's."""
    names = [k for row in rows if not _is_training(row) for k in row]
    if not any(OF_IMAGES.match(k) for k in names):
        tasks = [k for k in dict.fromkeys(names) if task_of([k])]
        refuse_other_task([k for k in tasks if "." not in k] or tasks, file)  # "IoU.box" is that of a class


def _scalars(folder: Path) -> list[Path]:
    for own in (folder / "vis_data" / "scalars.json", folder / "scalars.json"):
        if own.is_file():
            return [own]
    return sorted(folder.glob(SCALARS))[:1000]


def _parsed(log: Log, notes: list[str]) -> list[tuple[int, dict[str, Any]]]:
    rows, broken = [], []
    for i, line in enumerate(log.utf8.split(b"\n"), 1):
        if line.strip():
            row = parse_json(line)
            if isinstance(row, dict):
                rows.append((i, row))
            else:
                broken.append(i)
    if broken:
        notes.append(f"{len(broken)} lines that are no JSON were left out (the first is {log.name}:{broken[0]}).")
    return rows


def _is_training(row: Mapping[str, Any]) -> bool:
    mode = row.get("mode")
    return mode == "train" if isinstance(mode, str) else bool(row.keys() & TRAINED)


def _row(row: Mapping[str, Any], last_epoch: float) -> dict[str, Any]:
    """The row with its split before each metric, and its epoch."""
    train = _is_training(row)
    step = number(row.get("step"))
    kept: dict[str, Any] = {}
    for key, value in row.items():
        if key in CLOCKS or key in ("mode", "step", "iter", "epoch", "lr"):
            continue
        kept[f"{'train' if train else 'val'}/{key}"] = value
    if not kept:
        return {}
    if train:
        kept |= {k: row[k] for k in ("epoch", "lr") if k in row}
        kept["step"] = row.get("step", row.get("iter"))
    else:
        counted = step is not None and (last_epoch == 0 or step <= last_epoch)
        kept["epoch"] = row.get("epoch", step if counted else None)
    return kept
