"""Tables of a foreign log into a Run: every trap of such logs is handled here, once, and told in the run's notes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from dermai_report.errors import DermaiError
from dermai_report.files import sha256
from dermai_report.plain import text
from dermai_report.run import EpochLog, Evaluation, Run
from dermai_report.sources._columns import Meaning
from dermai_report.sources._epochs import number_rows
from dermai_report.sources._fields import Field, fields_of
from dermai_report.sources._log import Log
from dermai_report.sources._outside import outside_training
from dermai_report.sources._placeholders import without_placeholders
from dermai_report.sources._points import PerEpoch, Points, of_evaluations, of_training, points_of
from dermai_report.sources._shapes import of_one_run, split_rows
from dermai_report.sources._steps import Numbering
from dermai_report.sources._table import Table
from dermai_report.sources._units import Key

MOST_NOTES = 40


def assemble(
    log: Log,
    tables: Sequence[Table],
    *,
    source: str,
    known: Mapping[str, Meaning] | None = None,
    base: int | None = None,
    step_is_epoch: bool = False,
    notes: Sequence[str] = (),
    files: Sequence[Path] = (),
    **facts: Any,
) -> Run:
    """The Run that the tables tell of.

    source: the format's name; known: meanings of columns that the format fixes, by name; base: the number it gives to the
    first epoch, where it fixes that; step_is_epoch: whether its steps are epochs; notes: what the source had to assume;
    files: what was read, where it is not the log's own path; facts: further fields of Run (config, classes, test, name, …).

    Raises DermaiError where the log is of another task, where two columns or runs could be meant, or where nothing tells
    the epochs.
    """
    tables = [split_rows(of_one_run(t, log)) for t in tables if t.n]
    told = [*log.notes, *notes]
    file = log.name
    if not tables:
        raise DermaiError(f"{log.path} holds no rows", "name the log of a training")
    fields = fields_of(tables, file, log.columns, known or {}, told)
    tables = without_placeholders(tables, fields, told)
    numbered = number_rows(tables, fields, log, base=base, step_is_epoch=step_is_epoch, notes=told)
    points = points_of(tables, fields, numbered, told)
    if not points:
        raise DermaiError(f"{log.path} holds no loss or accuracy that is a number", "name the log of a training")
    points = _test_or_validation(points, told)
    points, late = outside_training(points, tables, told)
    curves = {split: _curves(points, split, tables, told) for split in ("train", "val", "test")}
    test, test_at = _test(points, late, tables, curves, told)
    epochs = _epochs(curves, points, tables, _others(tables, fields, numbered), told)
    if not epochs:
        told.append("The log holds the result of a test alone: no epoch of training.")
    elif not any(e.val for e in epochs):
        told.append("The log holds no validation.")
    read = [log.path] if not files and log.path.is_file() else list(files)
    defaults: dict[str, Any] = {
        "name": _name(log.path),
        "id": re.sub(r"[^\w.-]+", "-", _name(log.path)).strip("-.") or "run",
        "test": test,
        "test_at": test_at,
    }
    return Run(
        source=source,
        path=str(log.path),
        epochs=tuple(epochs),
        files={_below(p, log.path): sha256(p) for p in read},
        notes=tuple(text(n) for n in list(dict.fromkeys(told))[:MOST_NOTES]),
        **(defaults | facts),
    )


def _name(path: Path) -> str:
    whole = path.absolute()
    return text(f"{whole.parent.name}/{whole.stem}" if whole.is_file() and whole.parent.name else whole.name or "run")


def _below(path: Path, root: Path) -> str:
    return text(path.relative_to(root).as_posix() if path != root and path.is_relative_to(root) else path.name)


def _test_or_validation(points: dict[Key, Points], notes: list[str]) -> dict[Key, Points]:
    """Test metrics of every epoch are those of a validation set where there is no other."""
    tested = {k: p for k, p in points.items() if k[0] == "test"}
    if not tested or any(split == "val" for split, _ in points):
        return points
    trained = np.unique(np.concatenate([p.epoch for k, p in points.items() if k[0] == "train"] or [np.empty(0, dtype=int)]))
    epochs = np.unique(np.concatenate([p.epoch for p in tested.values()]))
    inside = np.intersect1d(epochs, trained) if len(trained) else epochs
    if len(inside) < max(2, 0.5 * len(trained)) and not (len(trained) == 1 and len(inside) == 1):
        return points
    names = ", ".join(repr(p.name) for p in list(tested.values())[:4])
    notes.append(
        f"{names}: logged with the epochs, so what the log calls test was taken as validation. If the best epoch was chosen by "
        "it, it is no test any more."
    )
    return {("val" if k[0] == "test" else k[0], k[1]): p for k, p in points.items()}


def _curves(points: Mapping[Key, Points], split: str, tables: Sequence[Table], notes: list[str]) -> dict[str, PerEpoch]:
    own = {metric: p for (s, metric), p in points.items() if s == split}
    if not own:
        return {}
    _note_repeats(own, tables, notes)
    if split == "train":
        return {metric: of_training(p, notes) for metric, p in own.items()}
    return of_evaluations(own, split, notes)


def _note_repeats(points: Mapping[str, Points], tables: Sequence[Table], notes: list[str]) -> None:
    """Tell which epochs stand more than once in a log whose rows are epochs."""
    for p in points.values():
        epochs, counts = np.unique(p.epoch, return_counts=True)
        again = epochs[counts > 1]
        if p.apart or not len(again):
            continue
        i = int(np.flatnonzero(p.epoch == again[0])[-1])
        which = f"Epoch {again[0]} stands" if len(again) == 1 else f"{len(again)} epochs ({again[0]} to {again[-1]}) stand"
        at = tables[p.table[i]].at(p.row[i])
        note = f"{which} more than once in {tables[p.table[i]].file}; the last one counts ({at})."
        if not any("more than once" in n for n in notes):
            notes.append(note)
        return


def _test(
    points: Mapping[Key, Points],
    late: Mapping[Key, Points],
    tables: Sequence[Table],
    curves: dict[str, dict[str, PerEpoch]],
    notes: list[str],
) -> tuple[Evaluation | None, dict[str, str]]:
    """The test evaluation, where the test set was evaluated once and not with the epochs."""
    found: dict[str, tuple[float, str]] = {}
    for metric in ("loss", "accuracy"):
        inside, outside = points.get(("test", metric)), late.get(("test", metric))
        p = outside if outside is not None else inside
        if p is None or (outside is None and len(np.unique(p.epoch)) > 1):
            continue
        found[metric] = (float(p.values[-1]), tables[p.table[-1]].at(p.row[-1]))
    if curves["test"] and not found:
        notes.append(
            "The test set was evaluated with every epoch, beside validation: its curve is kept, and stands for no test."
        )
        return None, {}
    if not found:
        return None, {}
    curves["test"] = {}
    values = {m: v for m, (v, _) in found.items() if np.isfinite(v)}
    return Evaluation(loss=values.get("loss"), accuracy=values.get("accuracy")), {m: at for m, (_, at) in found.items()}


def _others(tables: Sequence[Table], fields: Sequence[Field], numbered: Sequence[Numbering]) -> dict[str, dict[int, Any]]:
    """Learning rates, seconds and every further number, the last of each epoch, by role and name."""
    found: dict[str, dict[int, Any]] = {"lr": {}, "seconds": {}, "extra": {}}
    for f in fields:
        column = tables[f.table].numbers[f.column]
        if f.meaning.role not in ("lr", "seconds", "other", "decoy") or f.meaning.split in ("val", "test"):
            continue
        epoch = numbered[f.table].epoch
        rows = np.flatnonzero(column.given & (epoch > 0) & np.isfinite(column.values))
        per = {int(e): float(column.values[i]) for e, i in zip(*_last(epoch[rows], rows), strict=True)}
        if f.meaning.role == "seconds":
            if len(per) * 2 >= len(np.unique(epoch[epoch > 0])) and not found["seconds"]:
                found["seconds"] = _durations(per, f.meaning.metric == "cumulative")
            continue
        for e, value in per.items():
            if f.meaning.role == "lr":
                found["lr"].setdefault(e, []).append(value)
            else:
                found["extra"].setdefault(e, {})[text(f.column)] = value
    return found


def _last(epochs: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    kinds, reverse = np.unique(epochs[::-1], return_index=True)
    return kinds, rows[len(rows) - 1 - reverse]


def _durations(seconds: dict[int, float], cumulative: bool) -> dict[int, float]:
    """Seconds an epoch; those that only grow, as a clock does, are taken as running."""
    values = [seconds[e] for e in sorted(seconds)]
    growing = len(values) >= 4 and all(b > a for a, b in pairwise(values))
    if not cumulative and not (growing and values[-1] >= 0.5 * len(values) * values[0]):
        return {e: v for e, v in seconds.items() if v >= 0}
    before = [0.0, *values[:-1]]
    return {e: v - b for e, v, b in zip(sorted(seconds), values, before, strict=True) if v >= b}


def _epochs(
    curves: Mapping[str, Mapping[str, PerEpoch]],
    points: Mapping[Key, Points],
    tables: Sequence[Table],
    others: Mapping[str, Mapping[int, Any]],
    notes: list[str],
) -> list[EpochLog]:
    values: dict[int, dict[str, dict[str, float]]] = {}
    places: dict[int, str] = {}
    for split in ("train", "test", "val"):  # the place of validation, where there is one, is that of the epoch
        for metric, curve in curves[split].items():
            p = points[split, metric]
            for e, value, i in zip(curve.epoch.tolist(), curve.values.tolist(), curve.index.tolist(), strict=True):
                values.setdefault(e, {}).setdefault(split, {})[metric] = value
                if split != "test" and (metric == "loss" or e not in places):
                    places[e] = tables[p.table[i]].at(p.row[i])
    logs = []
    for e in sorted(values):
        own = values[e]
        extra = dict(others["extra"].get(e, {}))
        if "test" in own:
            extra["test"] = own["test"]
        logs.append(
            EpochLog(
                epoch=e,
                train=own.get("train", {}),
                val=own.get("val", {}),
                lr=tuple(others["lr"].get(e, ())),
                seconds=others["seconds"].get(e),
                extra=extra,
                at=places.get(e),
            )
        )
    return [e for e in logs if e.train or e.val or "test" in e.extra]
