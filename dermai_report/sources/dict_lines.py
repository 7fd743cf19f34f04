"""Python dicts printed among other lines, as the Trainer of Hugging Face does: `{'loss': 0.5, 'epoch': 1.0}`, `{'eval_loss': 0.6, …}`.

Each names its epoch, whole or with a fraction; the Trainer's last one (`train_runtime`) sums up the training. Nothing is evaluated:
the numbers are read from the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from dermai_report.errors import DermaiError
from dermai_report.run import Run
from dermai_report.sources._assemble import assemble
from dermai_report.sources._columns import meaning
from dermai_report.sources._log import LIKELY, NO, Log
from dermai_report.sources._spoken import LONGEST
from dermai_report.sources._table import table_of_rows
from dermai_report.sources._trainer_names import END, SPEED

DICT = re.compile(r"\{('[^{}]{1,1900})\}")
PAIR = re.compile(r"'([^']{1,100})': '?([-+.\w]{1,40})'?(?=,|$)")
FEW = 2  # dicts with an epoch and a metric that make a log


def recognises(log: Log) -> int:
    """Lines that hold a dict with an epoch and a metric."""
    if not log.is_text or "{'" not in log.head_text:
        return NO
    found = sum(1 for _, row in _rows(log.head_text.split("\n")) if any(meaning(k).role == "metric" for k in row))
    return LIKELY if found >= FEW else NO


def read(log: Log) -> Run:
    """Read it; raises DermaiError where no dict has an epoch."""
    rows = list(_rows(log.lines))
    if not rows:
        raise DermaiError(f"{log.path} prints no dict with an epoch", "name the file that holds what the Trainer printed")
    return assemble(log, [table_of_rows(rows, log.name)], source="dict_lines")


def _rows(lines: Sequence[str]) -> Iterator[tuple[int, dict[str, str]]]:
    for i, line in enumerate(lines, 1):
        found = DICT.search(line, 0, LONGEST) if "'epoch': " in line else None
        row = dict(PAIR.findall(found[1])) if found else {}
        if "epoch" in row and END not in row:
            yield i, {k: v for k, v in row.items() if not SPEED.fullmatch(k)}
