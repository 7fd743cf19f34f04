"""Which columns of this log hold which metric: the user's choice first, then the names, then what stands beside what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from dermai_report import wording
from dermai_report.errors import DermaiError, unknown_name
from dermai_report.sources._columns import Meaning, meaning, task_of, words_of
from dermai_report.sources._table import Table

DECIDING = ("loss", "accuracy", "error_rate")  # what a report stands on: rivals for these are never picked silently
MOST_LISTED = 8
PART = {"cls", "class", "classification", "classifier", "main", "ce", "crossentropy", "output", "micro"}


@dataclass(frozen=True)
class Field:
    """A column of a table with its meaning."""

    table: int
    column: str
    meaning: Meaning
    chosen: bool = False

    @property
    def key(self) -> tuple[str | None, str]:
        """Split and metric."""
        return self.meaning.split, self.meaning.name


def fields_of(
    tables: Sequence[Table], file: str, chosen: Mapping[str, str], known: Mapping[str, Meaning], notes: list[str]
) -> list[Field]:
    """The fields of a log's tables, every metric with its split. `known`: meanings that the format itself fixes.

    Raises DermaiError where the log is of another task, has no metric, or where two columns could be the same metric.
    """
    fields = [
        Field(i, name, known.get(name) or meaning(name))
        for i, table in enumerate(tables)
        for name, column in table.numbers.items()
        if column.n
    ]
    fields = _bare_losses(tables, fields, notes)
    fields = _choose(fields, chosen, file)
    if not any(f.meaning.role == "metric" and f.meaning.metric in DECIDING for f in fields if f.chosen):
        refuse_other_task([f.column for f in fields], file)
    fields = _with_splits(tables, fields, file, notes)
    _note_empty(tables, notes)
    if not any(f.meaning.role == "metric" for f in fields):
        names = list(dict.fromkeys(f.column for f in fields))
        raise DermaiError(
            f"{file} holds no loss or accuracy that is known by its name: {_some(names)}",
            "say which column it is: --column val_loss=NAME --column val_accuracy=NAME",
        )
    return _without_rivals(tables, fields, file, notes)


def refuse_other_task(names: Sequence[str], file: str) -> None:
    """Raise DermaiError where the metrics are those of detection, segmentation, regression or language modelling."""
    task = task_of(names)
    if task is not None:
        shown = [n for n in names if task_of([n]) == task]
        raise DermaiError(
            f"{file} is the log of a {task} run ({_some(shown)}), not of an image classifier",
            "dermai-report judges classifiers: losses and accuracies by epoch",
        )


def _choose(fields: list[Field], chosen: Mapping[str, str], file: str) -> list[Field]:
    """The user's choice of columns; what else had the same meaning is set aside."""
    for wanted, column in chosen.items():
        sense = meaning(wanted)
        if sense.role not in ("metric", "epoch", "step", "lr", "seconds", "run", "split"):
            raise DermaiError(
                f"--column {wanted}={column}: {wanted!r} names no metric", "such as val_loss, train_accuracy, epoch"
            )
        if not any(f.column == column for f in fields):  # a column of words or of nothing but blanks is none
            raise unknown_name("column of numbers", column, {f.column for f in fields}, f" in {file}")
        fields = [
            replace(f, meaning=sense, chosen=True)
            if f.column == column
            else replace(f, meaning=Meaning("other"))
            if (f.meaning.role, f.meaning.split, f.meaning.name) == (sense.role, sense.split, sense.name) and not f.chosen
            else f
            for f in fields
        ]
    return fields


def _bare_losses(tables: Sequence[Table], fields: list[Field], notes: list[str]) -> list[Field]:
    """Columns called `train` and `val` alone hold losses where no column is called a loss."""
    if any(f.meaning.metric == "loss" for f in fields):
        return fields
    bare = {
        f.column
        for f in fields
        if f.meaning.role == "other"
        and f.meaning.split
        and len(words_of(f.column)) == 1
        and f.column in tables[f.table].numbers
    }
    if len(bare) < 2:
        return fields
    notes.append(f"The columns {', '.join(repr(b) for b in sorted(bare))} were taken as losses.")
    return [replace(f, meaning=Meaning("metric", f.meaning.split, "loss")) if f.column in bare else f for f in fields]


def _with_splits(tables: Sequence[Table], fields: list[Field], file: str, notes: list[str]) -> list[Field]:
    """Metrics whose names say no split get the one that the rest of the log tells."""
    metrics = [f for f in fields if f.meaning.role == "metric"]
    explicit: dict[str, set[str | None]] = {}
    for f in metrics:
        explicit.setdefault(f.meaning.metric, set()).add(f.meaning.split)
    splits: dict[Field, str | None] = {}
    for f in metrics:
        if f.meaning.split is not None:
            continue
        split = splits[f] = _split_of(f, tables, metrics, explicit)
        if split is None and f.meaning.metric in DECIDING and not f.meaning.qualifier:
            raise DermaiError(
                f"{file}: {f.column!r} may be of training or of validation; nothing in the log tells",
                f"say which: --column train_{f.meaning.metric}={f.column} or --column val_{f.meaning.metric}={f.column}",
            )
        if split is not None and not {"val", "test"} & explicit[f.meaning.metric]:
            notes.append(f"{f.column!r} was taken as the {_words(split)} {_metric(f)}.")
    unknown = Meaning("other")
    return [
        replace(f, meaning=replace(f.meaning, split=splits[f]) if splits[f] else unknown) if f in splits else f for f in fields
    ]


def _split_of(
    field: Field, tables: Sequence[Table], metrics: Sequence[Field], explicit: Mapping[str, set[str | None]]
) -> str | None:
    named = explicit[field.meaning.metric]
    if named & {"train", "val", "test"}:  # `loss` beside `val_loss` is of training, beside `train_loss` of validation
        return "val" if "train" in named and "val" not in named else "train"
    steps = any(f.meaning.level == "step" and f.key == field.key for f in metrics)  # Lightning logs steps of training alone
    if steps or not any(f.meaning.split for f in metrics):
        return "train"
    own = tables[field.table]
    beside = {s for s in ("train", "val", "test") if _beside(field, own, metrics, s)}
    if beside == {"train"}:
        return "train" if field.meaning.level or _rows_apart(own, metrics, field.table) else None
    bare_loss = any(f.meaning.metric == "loss" and f.meaning.split is None for f in metrics)
    if not beside or bare_loss:
        return None
    return "val" if "val" in beside else "test"


def _beside(field: Field, table: Table, metrics: Sequence[Field], split: str) -> bool:
    """Whether it stands in the same rows as a metric of that split."""
    mine = table.numbers[field.column].given
    return any(
        f.table == field.table and f.meaning.split == split and bool((table.numbers[f.column].given & mine).any())
        for f in metrics
    )


def _rows_apart(table: Table, metrics: Sequence[Field], index: int) -> bool:
    """Whether training and validation stand in rows of their own."""
    given = {
        split: np.any([table.numbers[f.column].given for f in metrics if f.table == index and f.meaning.split == split], axis=0)
        for split in ("train", "val")
        if any(f.table == index and f.meaning.split == split for f in metrics)
    }
    return len(given) == 2 and not bool((given["train"] & given["val"]).any())


def _note_empty(tables: Sequence[Table], notes: list[str]) -> None:
    """Columns of metrics in which nothing was ever logged but NaN."""
    empty = [
        name
        for table in tables
        for name, column in table.numbers.items()
        if meaning(name).role == "metric" and not np.isfinite(column.values).any() and column.n
    ]
    if empty:
        notes.append(f"Nothing but NaN stands in {_some(empty)}.")


def _without_rivals(tables: Sequence[Table], fields: list[Field], file: str, notes: list[str]) -> list[Field]:
    """One column a metric; raises DermaiError that lists the candidates where nothing tells which."""
    groups: dict[tuple[str | None, str], list[Field]] = {}
    for f in fields:
        if f.meaning.role == "metric":
            groups.setdefault((f.meaning.split, f.meaning.metric), []).append(f)
    dropped: set[Field] = set()
    renamed: dict[Field, Meaning] = {}
    for (split, metric), rivals in groups.items():
        plain = [f for f in rivals if not f.meaning.qualifier]
        if plain:
            dropped |= set(plain) - set(_best_level(tables, plain, file))
            continue
        qualifiers = {f.meaning.qualifier for f in rivals}
        if len(qualifiers) == 1 and metric in DECIDING:
            best = _best_level(tables, rivals, file)
            dropped |= set(rivals) - set(best)
            renamed |= {f: replace(f.meaning, qualifier="") for f in best}
            notes.append(f"{best[0].column!r} was taken as the {_words(split)} {metric.replace('_', ' ')}.")
        elif len(qualifiers) > 1 and metric in DECIDING:
            raise _ambiguous(file, split, metric, rivals)
    return [replace(f, meaning=renamed.get(f, f.meaning)) for f in fields if f not in dropped]


def _best_level(tables: Sequence[Table], rivals: list[Field], file: str) -> list[Field]:
    """The chosen one, else those over whole epochs, else all of one meaning; parts of one series in several tables stay."""
    best = [f for f in rivals if f.chosen]
    if not best:
        for level in ("epoch", None, "step"):
            best = [f for f in rivals if f.meaning.level == level]
            if best:
                break
    names = list(dict.fromkeys(f.column for f in best))
    if len(names) > 1:  # `train_loss` or `train_total_loss` is the whole of which `train_cls_loss` is a part
        whole = [n for n in names if not PART & set(words_of(n))]
        names = whole or names
        best = [f for f in best if f.column in names]
    if len(names) == 1:
        return best
    first = [f for f in best if f.column == names[0]]
    if all(_same(tables, first[0], f) for f in best):
        return first
    if first[0].meaning.metric not in DECIDING:
        return first
    raise _ambiguous(file, first[0].meaning.split, first[0].meaning.metric, best)


def _same(tables: Sequence[Table], a: Field, b: Field) -> bool:
    one, other = tables[a.table].numbers[a.column], tables[b.table].numbers[b.column]
    x, y = one.values[one.given], other.values[other.given]
    return len(x) == len(y) and bool(np.allclose(x, y, rtol=1e-6, atol=1e-9, equal_nan=True))


def _ambiguous(file: str, split: str | None, metric: str, rivals: Sequence[Field]) -> DermaiError:
    names = list(dict.fromkeys(f.column for f in rivals))
    return DermaiError(
        f"{file} has several columns that could be the {_words(split)} {metric.replace('_', ' ')}: {_some(names)}",
        f"choose one: --column {split or 'val'}_{metric}={names[0]}",
    )


def _metric(field: Field) -> str:
    return field.meaning.metric.replace("_", " ")


def _words(split: str | None) -> str:
    return wording.SPLITS.get(split or "", "")


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(repr(n[:60]) for n in names[:MOST_LISTED])
    return f"{shown}, …" if len(names) > MOST_LISTED else shown
