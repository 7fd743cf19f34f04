"""What Keras' `fit` prints, with a progress bar or a line an epoch: `Epoch 3/10`, `… - loss: 0.5 - val_loss: 0.6`.

Every version's bar; colours, carriage returns and backspaces; also pasted into a README. Values have four decimals.
"""

from __future__ import annotations

import re
from typing import Any

from dermai_report.errors import DermaiError
from dermai_report.run import Run
from dermai_report.sources._assemble import assemble
from dermai_report.sources._log import LIKELY, NO, Log
from dermai_report.sources._spoken import ANSI
from dermai_report.sources._table import table_of_rows

EPOCH = re.compile(r"(?<![\w/])Epoch (\d{1,7})/(\d{1,7})(?![\w:])")
BAR = re.compile(r"(?:^|[\s>#m])(\d{1,9})/(\d{1,9}|Unknown)\s.{0,300}?\d[mu]?s(?:/\w{1,9})? - ")
OLD_LINE = re.compile(r"^\W*\d+s(?: \d+[mu]?s/(?:step|epoch|sample))? - ")
VALUE = re.compile(r" - ([A-Za-z][\w@./ -]{0,80}?): ([-+]?\d+(?:\.\d*)?(?:e[-+]?\d+)?|nan|inf)")
CLOCK = ("ETA",)
Row = tuple[int, dict[str, Any]]


def recognises(log: Log) -> int:
    """An epoch's number of so many, and below it a line of the bar's."""
    if not log.is_text or "Epoch " not in log.head_text:
        return NO
    return LIKELY if _rows(log.head_text.split("\n")[:5000]) else NO


def read(log: Log) -> Run:
    """Read it; raises DermaiError where no epoch has values."""
    notes: list[str] = []
    rows = _without_excerpts(_rows(log.lines), log.name, notes)
    if not rows:
        raise DermaiError(
            f"{log.path} holds no epoch with a loss as Keras prints it", "name the file that holds what fit printed"
        )
    return assemble(log, [table_of_rows(rows, log.name)], source="keras_stdout", notes=notes)


def _rows(lines: list[str]) -> list[Row]:
    """Of each epoch the last line of its bar that says the most."""
    rows: list[Row] = []
    epoch: int | None = None
    total: str | None = None
    for i, raw in enumerate(lines, 1):
        if "poch" not in raw and ": " not in raw:
            continue
        line = ANSI.sub("", raw[:4000])
        if found := EPOCH.search(line):
            epoch, total = int(found[1]), None
            rows.append((i, {"epoch": epoch}))
        bar = BAR.search(line)
        if epoch is None or not (bar or OLD_LINE.match(line)):
            continue
        values = {m[1]: m[2] for m in VALUE.finditer(line) if m[1] not in CLOCK}
        if bar:
            total = total or bar[2]
        if not values or (bar and bar[2] != total):  # another loop: evaluate() after the training
            continue
        if len(values) + 1 >= len(rows[-1][1]):
            rows[-1] = (i, {"epoch": epoch, **values})
    return [row for row in rows if len(row[1]) > 1]


def _without_excerpts(rows: list[Row], file: str, notes: list[str]) -> list[Row]:
    """Without what stands before the first epoch of a training and is numbered higher: lines quoted in the text around the log."""
    first = next((i for i, (_, row) in enumerate(rows) if row["epoch"] == 1), 0)
    if first:
        notes.append(f"{first} epochs above the first one are of no whole training and were left out ({file}:{rows[0][0]}).")
    return rows[first:]
