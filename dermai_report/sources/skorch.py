"""skorch's `history.json`: a list of epochs, each with its batches; `*_best` and `event_*` are marks, not measures."""

from __future__ import annotations

from typing import Any

from dermai_report.run import Run
from dermai_report.sources._assemble import assemble
from dermai_report.sources._columns import Meaning
from dermai_report.sources._log import NO, SURE, Log
from dermai_report.sources._table import table_of_rows


def recognises(log: Log) -> int:
    """A list of objects with `epoch` and `batches`."""
    value = log.json
    first = value[0] if isinstance(value, list) and value else None
    return SURE if isinstance(first, dict) and {"epoch", "batches"} <= set(first) else NO


def read(log: Log) -> Run:
    """Read it; an epoch's place is its number in the list."""
    rows: list[tuple[int | None, dict[str, Any]]] = [
        (
            i,
            {
                k: v
                for k, v in row.items()
                if k != "batches" and not k.endswith(("_best", "_batch_count")) and not k.startswith("event_")
            },
        )
        for i, row in enumerate(log.json if isinstance(log.json, list) else [], 1)
        if isinstance(row, dict)
    ]
    known = {"dur": Meaning("seconds")}
    return assemble(log, [table_of_rows(rows, log.name)], source="skorch", known=known, base=1)
