"""A Markdown table with a row an epoch or an evaluation, as in the model cards of Hugging Face and in READMEs.

Bold, code and emoji around a number are passed over. Several such tables are asked about (`--run`, by the line of the header).
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass

from dermai_report.errors import DermaiError
from dermai_report.run import Run
from dermai_report.sources import _choice
from dermai_report.sources._assemble import assemble
from dermai_report.sources._columns import meaning
from dermai_report.sources._log import LIKELY, NO, Log
from dermai_report.sources._table import Table, number, table_of_rows

RULE = re.compile(r"\|?(\s*:?-{1,}:?\s*\|)+(\s*:?-{1,}:?\s*)?\|?\s*")
LONGEST = 2000  # characters of a line below a header
CELL = re.compile(r"(?<!\\)\|")
CLEAN = re.compile(r"<[^>]{0,100}>|[*_`]{1,3}(?=\S)|(?<=\S)[*_`]{1,3}")


@dataclass(frozen=True)
class Found:
    """A table: the number of its header's line, the names, and the rows with the number of each's line."""

    line: int
    names: list[str]
    rows: list[tuple[int, list[str]]]


def recognises(log: Log) -> int:
    """A table with epochs or steps and a metric, of two rows or more."""
    return LIKELY if log.is_text and "|" in log.head_text and _trainings(log.head_text.split("\n")) else NO


def read(log: Log) -> Run:
    """Read one; raises DermaiError where there is none, or where there are several."""
    found = _trainings(log.lines)
    if not found:
        raise DermaiError(f"{log.path} holds no table of epochs with a loss or an accuracy", "name the log of the training")
    chosen = _choice.one_of(log, {f"{t.line} ({', '.join(t.names)[:80]})": t for t in found}, "tables of epochs")
    return assemble(log, [_table(chosen, log.name)], source="markdown_table")


def _trainings(lines: list[str]) -> list[Found]:
    return [t for t in _tables(lines) if len(t.rows) > 1 and _is_training(t)]


def _tables(lines: list[str]) -> list[Found]:
    filled = [(number, line) for number, line in enumerate(lines, 1) if line.strip()]  # exports put blank lines between rows
    rules = [i for i, (_, line) in enumerate(filled) if "|" in line and len(line) < LONGEST and RULE.fullmatch(line.strip())]
    found = []
    for i, after in itertools.pairwise([*rules, len(filled) + 1]):
        if i == 0 or "|" not in filled[i - 1][1]:
            continue
        rows = itertools.takewhile(lambda row: "|" in row[1], filled[i + 1 : after - 1])
        found.append(Found(filled[i - 1][0], _cells(filled[i - 1][1]), [(number, _cells(line)) for number, line in rows]))
    return found


def _cells(line: str) -> list[str]:
    inner = line.strip().lstrip(">").strip()
    inner = inner.removeprefix("|").removesuffix("|")
    return [CLEAN.sub("", c).replace("\\|", "|").strip() for c in CELL.split(inner[:20_000])]


def _is_training(table: Found) -> bool:
    senses = {n: meaning(n) for n in table.names}
    counted = [i for i, n in enumerate(table.names) if senses[n].role in ("epoch", "step")]
    numbers = [row for _, row in table.rows if any(i < len(row) and number(row[i]) is not None for i in counted)]
    return any(s.role == "metric" for s in senses.values()) and len(numbers) > 1


def _table(found: Found, file: str) -> Table:
    rows = [(line, dict(zip(found.names, cells, strict=False))) for line, cells in found.rows]
    return table_of_rows(rows, file)
