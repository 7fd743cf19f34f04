"""Tables of other shapes than a row an epoch: a column that names the split, or the run, of each row."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from dermai_report.errors import DermaiError
from dermai_report.sources._columns import SPLIT_OF, meaning, words_of
from dermai_report.sources._table import Column, Table

MOST_LISTED = 10


def split_rows(table: Table) -> Table:
    """The table with `loss` in rows of "train" and of "val" as columns `train loss` and `val loss`."""
    column = next((n for n in table.texts if meaning(n).role == "split"), None)
    if column is None:
        return table
    splits = [next((SPLIT_OF[w] for w in words_of(v or "") if w in SPLIT_OF), None) for v in table.texts[column]]
    kinds = sorted({s for s in splits if s})
    if not kinds:
        return table
    numbers: dict[str, Column] = {}
    for name, c in table.numbers.items():
        sense = meaning(name)
        if sense.role != "metric" or sense.split:
            numbers[name] = c
            continue
        for kind in kinds:
            mine = c.given & np.array([s == kind for s in splits])
            if mine.any():
                numbers[f"{kind} {name}"] = Column(np.where(mine, c.values, np.nan), mine)
    return replace(table, numbers=numbers, texts={k: v for k, v in table.texts.items() if k != column})


def of_one_run(table: Table, run: str | None, file: str, notes: list[str]) -> Table:
    """The rows of the run that the user chose, where a column names several; raises DermaiError where none was chosen."""
    for name in table.names:
        if meaning(name).role != "run":
            continue
        cells = _as_text(table, name)
        kinds = list(dict.fromkeys(c for c in cells if c))
        if len(kinds) < 2 or len(kinds) == table.n:
            continue
        if run not in kinds:
            listed = ", ".join(kinds[:MOST_LISTED]) + (", …" if len(kinds) > MOST_LISTED else "")
            raise DermaiError(f"{file} holds several runs, by its column {name!r}: {listed}", f"choose one: --run {kinds[0]}")
        notes.append(f"{file} holds {len(kinds)} runs; this is the one whose {name!r} is {run}.")
        table = table.rows(np.array([c == run for c in cells]))
    return table


def _as_text(table: Table, name: str) -> list[str | None]:
    if name in table.texts:
        return [None if v is None else v.strip() for v in table.texts[name]]
    c = table.numbers[name]
    return [f"{v:g}" if g else None for v, g in zip(c.values, c.given, strict=True)]
