"""Text logs of MMEngine and of mmcv before it (mmcls, mmpretrain): `Epoch [1][50/100]`, `Epoch(val) [1][18]`.

Training is logged by iterations, as the mean of the last few; the epoch's number stands in each line.
"""

from __future__ import annotations

import re
from typing import Any

from dermai_report.run import Run
from dermai_report.sources._assemble import assemble
from dermai_report.sources._log import NO, SURE, Log
from dermai_report.sources._table import table_of_rows

LINE = re.compile(r"(?:^|\s|#)Epoch ?(?:\((train|val|test)\))? ?\[ *(\d{1,9})\]\[ *(\d{1,9})(?:/ *(\d{1,9}))?\]\s+(.*)$")
OWN = re.compile(r" - mm\w+ - |Epoch\((?:train|val)\)|\bdata_time: ")
VALUE = re.compile(r"([A-Za-z][\w./@ -]{0,80}?): ?([-+]?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?|nan|inf)(?=[,\s]|$)")
LONGEST = 20_000  # characters of a line
CLOCKS = {"eta", "time", "data_time", "memory", "base_lr", "grad_norm"}


def recognises(log: Log) -> int:
    """Lines of a logger called mmcls, mmengine, … that count epochs in brackets."""
    if not log.is_text or "Epoch" not in log.beginning:
        return NO
    lines = (line[:LONGEST] for line in log.beginning.split("\n"))
    return SURE if any(LINE.search(line) and OWN.search(line) for line in lines) else NO


def read(log: Log) -> Run:
    """Read every line that has an epoch in brackets."""
    rows: list[tuple[int | None, dict[str, Any]]] = []
    for i, line in enumerate(log.lines, 1):
        found = LINE.search(line, 0, LONGEST)
        if found is None:
            continue
        split = found[1] or "train"
        values = {m[1].strip(): m[2] for m in VALUE.finditer(found[5]) if m[1].strip() not in CLOCKS}
        row: dict[str, Any] = {k if k == "lr" else f"{split}/{k}": v for k, v in values.items()}
        if set(row) - {"lr"}:
            rows.append((i, {"epoch": int(found[2]), **_step(split, found), **row}))
    return assemble(log, [table_of_rows(rows, log.name)], source="mm_text", base=1)


def _step(split: str, found: re.Match[str]) -> dict[str, int]:
    """The iteration, counted through all epochs: the lines of training are told apart by it."""
    if split != "train" or not found[4]:
        return {}
    return {"step": (int(found[2]) - 1) * int(found[4]) + int(found[3])}
