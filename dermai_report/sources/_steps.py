"""Rows of a log that counts steps alone, in epochs: a step may be one, or each validation ends one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dermai_report.errors import DermaiError
from dermai_report.sources._fields import Field
from dermai_report.sources._table import Table

OFTEN = 10  # points of training between two validations, above which a step is an iteration and not an epoch


@dataclass(frozen=True, eq=False)
class Numbering:
    """A table's rows in epochs. epoch: (n,) from 1, 0 where a row belongs to none; step: (n,) what orders the rows of an
    epoch (a step, an epoch with its fraction, or the row), and whether it tells one evaluation from the next.
    """

    epoch: np.ndarray
    step: np.ndarray
    apart: bool


def rows_with(table: Table, fields: Sequence[Field], index: int, *splits: str) -> np.ndarray:
    """(n,) whether a row holds a metric of one of the splits."""
    columns = [
        table.numbers[f.column].given
        for f in fields
        if f.table == index and f.meaning.role == "metric" and f.meaning.split in splits
    ]
    return np.any(columns, axis=0) if columns else np.zeros(table.n, dtype=bool)


def by_steps(
    tables: Sequence[Table],
    fields: Sequence[Field],
    steps: Sequence[np.ndarray | None],
    file: str,
    step_is_epoch: bool,
    notes: list[str],
) -> list[Numbering]:
    """Epochs of a log that counts steps alone."""
    points = {
        split: np.unique(
            np.concatenate(
                [s[rows_with(t, fields, i, split)] for i, (t, s) in enumerate(zip(tables, steps, strict=True)) if s is not None]
                or [np.empty(0)]
            )
        )
        for split in ("train", "val", "test")
    }
    ends = points["val"] if len(points["val"]) else points["test"]
    every = np.unique(np.concatenate(list(points.values())))
    every, ends = every[np.isfinite(every)], ends[np.isfinite(ends)]
    consecutive = len(every) > 0 and bool(np.all(np.diff(every) == 1)) and every[0] in (0, 1)
    trained = len(points["train"])
    if step_is_epoch or (
        consecutive and trained in (0, len(every)) and (not len(ends) or len(every) <= OFTEN * len(ends)) and len(ends)
    ):
        if not step_is_epoch:
            notes.append("The log has no epochs; its steps, one after the other, were taken as epochs.")
        shift = 1 if len(every) and every[0] == 0 else 0
        ends = every
        number = {float(s): int(s) + shift for s in every}
        return [_looked_up(t, s, number) for t, s in zip(tables, steps, strict=True)]
    if not len(ends):
        means = _epoch_means(tables, fields, steps)
        if not len(means):
            raise DermaiError(
                f"{file} logs training by steps alone: no epoch, and no validation",
                "log the epoch and a validation loss; or name the column that holds the epoch: --column epoch=NAME",
            )
        ends = means
        notes.append("The log has no epochs; each mean over an epoch of training was counted as one.")
    elif len(ends) == 1 and trained > 1:
        raise DermaiError(
            f"{file} counts steps, not epochs, and was validated once: nothing tells where an epoch ends",
            "log the epoch; or name the column that holds it: --column epoch=NAME",
        )
    else:
        notes.append("The log has no epochs; each validation was counted as the end of one.")
    numbered = []
    for t, s in zip(tables, steps, strict=True):
        if s is None:
            numbered.append(Numbering(np.zeros(t.n, dtype=np.int64), np.arange(t.n, dtype=float), False))
            continue
        epoch = np.searchsorted(ends, s, side="left") + 1
        numbered.append(Numbering(np.where(np.isfinite(s) & (epoch <= len(ends)), epoch, 0).astype(np.int64), s, True))
    return numbered


def _looked_up(table: Table, steps: np.ndarray | None, number: dict[float, int]) -> Numbering:
    if steps is None:
        return Numbering(np.zeros(table.n, dtype=np.int64), np.arange(table.n, dtype=float), False)
    return Numbering(np.array([number.get(float(s), 0) for s in steps], dtype=np.int64), np.arange(table.n, dtype=float), False)


def _epoch_means(tables: Sequence[Table], fields: Sequence[Field], steps: Sequence[np.ndarray | None]) -> np.ndarray:
    found = [
        steps[f.table][tables[f.table].numbers[f.column].given]  # type: ignore[index]
        for f in fields
        if f.meaning.role == "metric" and f.meaning.level == "epoch" and steps[f.table] is not None
    ]
    return np.unique(np.concatenate(found)) if found else np.empty(0)
