"""Tables of other shapes than a row an epoch: a column that names the split, or the run, of each row."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from dermai_report.sources._choice import one_of
from dermai_report.sources._columns import SPLIT_OF, meaning, words_of
from dermai_report.sources._log import Log
from dermai_report.sources._table import Column, Table


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


def of_one_run(table: Table, log: Log) -> Table:
    """The rows of the run that the user chose, where a column names several; raises DermaiError where none was chosen."""
    epochs = next((table.numbers[n].values for n in table.numbers if meaning(n).role == "epoch"), None)
    for name in table.names:
        names_runs = meaning(name).role == "run"
        if not names_runs and (epochs is None or name not in table.texts or meaning(name).role == "split"):
            continue
        cells = _as_text(table, name)
        kinds = list(dict.fromkeys(c for c in cells if c))
        if 2 <= len(kinds) < table.n and (names_runs or _tells_apart(cells, epochs)):
            chosen = one_of(log, {kind: kind for kind in kinds}, f"runs, by its column {name!r}")
            return of_one_run(table.rows(np.array([c == chosen for c in cells])), log)
    return table


def _tells_apart(cells: list[str | None], epochs: np.ndarray | None) -> bool:
    """Whether the words of a column are all that tells the rows of an epoch apart, as those of several optimizers would be."""
    if epochs is None or None in cells or 2 * len(set(cells)) > len(cells):
        return False
    _, counts = np.unique(epochs, return_counts=True)
    pairs = set(zip(cells, epochs.tolist(), strict=True))
    return len(counts) > 1 and bool(np.mean(counts > 1) > 0.5) and len(pairs) == len(cells)


def _as_text(table: Table, name: str) -> list[str | None]:
    if name in table.texts:
        return [None if v is None else v.strip() for v in table.texts[name]]
    c = table.numbers[name]
    return [f"{v:g}" if g else None for v, g in zip(c.values, c.given, strict=True)]
