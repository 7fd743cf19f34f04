"""Which epoch, counted from 1, each row of a log belongs to, whatever the log counts in."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from dermai_report.sources._choice import one_of
from dermai_report.sources._fields import Field
from dermai_report.sources._log import Log
from dermai_report.sources._steps import Numbering, by_steps, rows_with
from dermai_report.sources._table import Table

EARLY = 0.01  # an epoch logged as 4.003 is the fourth: frameworks count batches, and the last one is often short


def number_rows(
    tables: Sequence[Table],
    fields: Sequence[Field],
    log: Log,
    *,
    base: int | None,
    step_is_epoch: bool,
    notes: list[str],
) -> list[Numbering]:
    """The epoch of every row of every table.

    base: the number of the first epoch where the format fixes it; step_is_epoch: where the format's steps are epochs.
    Raises DermaiError where a log counts steps and nothing tells how many make an epoch, or holds several runs.
    """
    raw = [_raw(table, fields, i) for i, table in enumerate(tables)]
    steps = [_steps(table, fields, i) for i, table in enumerate(tables)]
    clock = _clock(raw, steps)
    if clock is not None:
        raw = [r if r is not None or s is None else _by_clock(s, clock) for r, s in zip(raw, steps, strict=True)]
    if all(r is None for r in raw):
        if all(s is None for s in steps):
            return [Numbering(np.arange(1, t.n + 1), np.arange(t.n, dtype=float), False) for t in tables]
        return by_steps(tables, fields, steps, log.name, step_is_epoch, notes)
    firsts = []
    whole = all(r is None or _is_whole(r) for r in raw)
    for i, r in enumerate(raw):
        if r is None:
            continue
        ordering = _restarted(tables[i], r, steps[i], fields, i, log, notes) if whole else None
        counted = r if ordering is None else ordering
        raw[i] = counted
        firsts.append(_first(tables[i], counted, fields, i))
    shift = _shift(min(firsts), base, whole, notes)
    numbered = []
    for table, r, s in zip(tables, raw, steps, strict=True):
        if r is None:
            numbered.append(Numbering(np.zeros(table.n, dtype=np.int64), np.arange(table.n, dtype=float), False))
            continue
        epoch = np.where(np.isfinite(r) & (r >= 0), r + shift if whole else np.ceil(r - EARLY), 0)
        epoch = np.clip(epoch, 0, 10_000_000).astype(np.int64)
        order = s if s is not None else (np.arange(table.n, dtype=float) if whole else r)
        numbered.append(Numbering(epoch, order, s is not None or not whole))
    if not whole:
        notes.append("Epochs are logged as fractions; an evaluation within an epoch counts as that epoch's.")
    return numbered


def _raw(table: Table, fields: Sequence[Field], index: int) -> np.ndarray | None:
    """The epoch as logged, blanks filled from the next row that has one, else the one before."""
    column = next((f.column for f in fields if f.table == index and f.meaning.role == "epoch"), None)
    if column is None:
        return None
    values, given = table.numbers[column].values, table.numbers[column].given & np.isfinite(table.numbers[column].values)
    there = np.flatnonzero(given)
    if not len(there):
        return None
    return values if given.all() else values[there[np.minimum(np.searchsorted(there, np.arange(table.n)), len(there) - 1)]]


def _steps(table: Table, fields: Sequence[Field], index: int) -> np.ndarray | None:
    column = next((f.column for f in fields if f.table == index and f.meaning.role == "step"), None)
    return None if column is None else table.numbers[column].values


def _clock(raw: Sequence[np.ndarray | None], steps: Sequence[np.ndarray | None]) -> tuple[np.ndarray, np.ndarray] | None:
    """Steps and the epochs they were logged with, where a table has both and another has steps alone."""
    if all(r is not None or s is None for r, s in zip(raw, steps, strict=True)):
        return None
    both = [(s, r) for r, s in zip(raw, steps, strict=True) if r is not None and s is not None]
    if not both:
        return None
    step, epoch = np.concatenate([s for s, _ in both]), np.concatenate([r for _, r in both])
    order = np.argsort(step, kind="stable")
    return step[order], epoch[order]


def _by_clock(steps: np.ndarray, clock: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """The epoch of each step: as logged at that step, else at the one before."""
    at = np.searchsorted(clock[0], steps, side="right") - 1
    return clock[1][np.clip(at, 0, len(clock[1]) - 1)]


def _is_whole(raw: np.ndarray) -> bool:
    known = raw[np.isfinite(raw)]
    return bool(np.all(np.abs(known - np.round(known)) < 1e-9))


def _first(table: Table, raw: np.ndarray, fields: Sequence[Field], index: int) -> float:
    """The first epoch that trained (an evaluation before training is none)."""
    for splits in (("train",), ("val", "test")):
        rows = rows_with(table, fields, index, *splits)
        known = raw[rows & np.isfinite(raw)]
        if len(known):
            return float(known.min())
    return math.inf


def _shift(first: float, base: int | None, whole: bool, notes: list[str]) -> int:
    if not whole or not math.isfinite(first):
        return 0
    if base is not None:
        return 1 - base
    if first == 0:
        notes.append("The log counts epochs from 0; here they count from 1.")
        return 1
    if first > 1:
        notes.append(f"The first epoch in the log is {first:g}: what came before it is not there.")
    return 0


def _restarted(
    table: Table,
    raw: np.ndarray,
    steps: np.ndarray | None,
    fields: Sequence[Field],
    index: int,
    log: Log,
    notes: list[str],
) -> np.ndarray | None:
    """The epochs with the parts of a log that starts again at its first number put behind each other, or None.

    A part that goes on from where training stood is renumbered; one that starts anew is another run, and the user is asked.
    """
    rows = rows_with(table, fields, index, "train")
    if not rows.any():
        rows = rows_with(table, fields, index, "val", "test")
    where = np.flatnonzero(rows & np.isfinite(raw))
    if len(where) < 2:
        return None
    seen = raw[where]
    if len(seen) > 1 and np.all(seen == seen[0]):
        if steps is not None and len(np.unique(steps[where])) > 1:
            return None
        notes.append(f"Every row says epoch {seen[0]:g}; the rows were counted instead.")
        counted = np.full(table.n, np.nan)
        counted[where] = seen[0] + np.arange(len(where))
        return counted
    falls = np.diff(seen) < 0
    newest_first = len(seen) > 2 and bool(falls.all())  # the numbers are right as they stand
    again = falls & (seen[1:] <= seen[0]) & (not newest_first)
    if steps is None and table.lines is not None:  # a first fit of one epoch, and a second one under a header of its own
        again |= (
            (seen[:-1] == seen[0])
            & (seen[1:] == seen[0])
            & (np.diff(table.lines[where]) == 2)
            & _goes_on(table, fields, index, where)
        )
    starts = where[1:][again]
    if not len(starts):
        return None
    parts = np.searchsorted(starts, np.arange(table.n), side="right")
    anew = [
        _starts_anew(table, fields, index, where[parts[where] == k - 1], where[parts[where] == k])
        for k in range(1, parts.max() + 1)
    ]
    if any(anew):
        groups = np.concatenate([[0], np.cumsum(anew)])[parts]
        return _one_run(table, raw, parts, groups, log, notes)
    notes.append(
        f"The numbers of the epochs start again {len(starts)} time{'s' if len(starts) > 1 else ''} ({table.at(int(starts[0]))}), "
        "and training goes on from where it stood: the parts were numbered on."
    )
    return _numbered_on(raw, parts, np.arange(parts.max() + 1))


def _numbered_on(raw: np.ndarray, parts: np.ndarray, order: np.ndarray) -> np.ndarray:
    """The parts in `order` behind each other; rows of other parts become NaN."""
    counted = np.full(len(raw), np.nan)
    last = None
    for part in order:
        rows = (parts == part) & np.isfinite(raw)
        if rows.any():
            counted[rows] = raw[rows] if last is None else raw[rows] - raw[rows].min() + last + 1
            last = counted[rows].max()
    return counted


def _starts_anew(table: Table, fields: Sequence[Field], index: int, before: np.ndarray, after: np.ndarray) -> bool:
    """Whether a part starts nearer to where the one before it started than to where that one ended."""
    for split, metric in (("train", "loss"), ("val", "loss"), ("train", "accuracy"), ("val", "accuracy")):
        for f in fields:
            if f.table != index or f.key != (split, metric):
                continue
            values = table.numbers[f.column].values
            old, new = values[before][np.isfinite(values[before])], values[after][np.isfinite(values[after])]
            if len(old) >= 2 and len(new):
                return bool(abs(new[0] - old[0]) < abs(new[0] - old[-1]))
    return False


def _goes_on(table: Table, fields: Sequence[Field], index: int, where: np.ndarray) -> np.ndarray:
    """(rows - 1,) whether the training loss of a row is clearly below that of the row before."""
    for f in fields:
        if f.table == index and f.key == ("train", "loss"):
            values = table.numbers[f.column].values[where]
            return np.asarray(values[1:] <= 0.95 * values[:-1])
    return np.zeros(len(where) - 1, dtype=bool)


def _one_run(table: Table, raw: np.ndarray, parts: np.ndarray, groups: np.ndarray, log: Log, notes: list[str]) -> np.ndarray:
    """The epochs of the run that the user chose of several in one file."""
    runs = {}
    for k in range(int(groups.max()) + 1):
        rows = np.flatnonzero((groups == k) & np.isfinite(raw))
        runs[f"{k + 1} (from {table.at(int(rows[0]))}, {len(np.unique(raw[rows]))} epochs)"] = k
    chosen = one_of(log, runs, "runs, one after the other")
    notes += [n for n in log.notes if n not in notes]
    return _numbered_on(raw, parts, np.unique(parts[groups == chosen]))
