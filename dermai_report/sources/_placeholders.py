"""What loops write where they did not evaluate: a loss and an accuracy that are both 0, or -1.

No evaluation has a loss of 0 and no right answer, and no classification loss is -1 beside others above 0. Taken as measured, such
an epoch would be the best of the run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from dermai_report.sources._fields import Field
from dermai_report.sources._table import Column, Table


def without_placeholders(tables: Sequence[Table], fields: Sequence[Field], notes: list[str]) -> list[Table]:
    """The tables with such cells blank, and a note that says so."""
    return [_cleared(table, [f for f in fields if f.table == i], notes) for i, table in enumerate(tables)]


def _cleared(table: Table, fields: Sequence[Field], notes: list[str]) -> Table:
    for split in ("val", "test"):
        of = {m: [f.column for f in fields if f.key == (split, m)] for m in ("loss", "accuracy")}
        names = [*of["loss"], *of["accuracy"]]
        for value in (0, -1):
            if not of["loss"] or (value == 0 and not of["accuracy"]):
                continue
            columns = [table.numbers[n] for n in names]
            given = np.all([c.given for c in columns], axis=0)
            blank = given & np.all([c.values == value for c in columns], axis=0)
            measured = given & np.all([c.values > 0 for c in columns[: len(of["loss"])]], axis=0)
            if blank.any() and measured.any() and (blank | measured)[given].all():
                cleared = {
                    n: Column(np.where(blank, np.nan, table.numbers[n].values), table.numbers[n].given & ~blank) for n in names
                }
                table = replace(table, numbers={**table.numbers, **cleared})
                notes.append(
                    f"{int(blank.sum())} rows say {value} for {' and '.join(map(repr, names))}, as if nothing was evaluated then: left out "
                    f"({table.at(int(np.argmax(blank)))})."
                )
    return table
