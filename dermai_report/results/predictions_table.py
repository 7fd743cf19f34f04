"""Predictions in a table (CSV, TSV, Parquet): a row an image, with its label and the predicted class or a probability a class.

Columns are known by their names: label, y_true, target, …; predicted, prediction, y_pred, …; `p:<class>`, `prob_<class>` or the
class names; image, file, … for the sample; patient, lesion, … for the group. `--column label=NAME` chooses where they are others.
Further columns of words or of whole numbers (skin tone, site) are kept: the report compares the subgroups that they make.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from dermai_report.errors import DermaiError
from dermai_report.results import Outcome
from dermai_report.results._predicted import ROUNDED, Roles, Told, as_text, outcome_of, role_of, roles_of, two_class
from dermai_report.sources._columns import SPLIT_OF, meaning
from dermai_report.sources._csv import csv_table, dialect_of
from dermai_report.sources._log import LARGEST, LIKELY, NO, Log
from dermai_report.sources._table import Column, Table, table_of_columns
from dermai_report.storage.prediction_files import OWN

PARQUET = b"PAR1"


def recognises(log: Log) -> int:
    """A table with a column of labels."""
    if log.head.startswith(PARQUET):
        return LIKELY
    names = _names(log)
    labelled = any(role_of(n) == "label" for n in names) or "label" in log.columns
    return LIKELY if len(names) > 1 and labelled else NO


def read(log: Log, classes: Sequence[str]) -> Outcome:
    """Read it; raises DermaiError where a column is missing, or two could be meant."""
    table = _parquet(log) if log.head.startswith(PARQUET) else _text_table(log)
    _refuse_several_splits(table, log)
    roles = roles_of(table.names, set(table.numbers), log.columns, classes, log.name)
    if roles.label is None:
        raise DermaiError(
            f"{log.path} has no column of labels among {', '.join(table.names[:8])}", "choose it: --column label=NAME"
        )
    label = _texts(table, roles.label, log)
    predicted = None if roles.predicted is None else _texts(table, roles.predicted, log)
    roles = roles if roles.probabilities else _called_like_classes(table, roles, label, log)
    probabilities, names = _probabilities(table, roles, log)
    if probabilities is None and roles.positive is not None:
        positive = table.numbers[roles.positive]
        if positive.given.all():
            probabilities = two_class(positive.values, predicted, label, log.notes)
    if probabilities is None and predicted is None:
        raise DermaiError(
            f"{log.path} has neither a predicted class nor a probability a class among {', '.join(table.names[:8])}",
            "choose it: --column predicted=NAME; probabilities are columns p:<class>",
        )
    told = Told(
        label=label,
        predicted=predicted,
        probabilities=probabilities,
        names=names,
        sample=None if roles.sample is None else _texts(table, roles.sample, log),
        group=None if roles.group is None else _texts(table, roles.group, log),
        columns=_further(table, roles),
    )
    return outcome_of(log, classes, told)


def _refuse_several_splits(table: Table, log: Log) -> None:
    """Raise DermaiError where a column says that the rows are of several splits: no score is of training and test at once."""
    for name, values in table.texts.items():
        splits = {SPLIT_OF.get((v or "").strip().lower()) for v in values} if meaning(name).role == "split" else set()
        if len(splits - {None}) > 1:
            shown = ", ".join(sorted(s for s in splits if s))
            raise DermaiError(
                f"{log.path} holds rows of several splits, by its column {name!r}: {shown}", "write a file of each split"
            )


def _called_like_classes(table: Table, roles: Roles, label: Sequence[str], log: Log) -> Roles:
    """The roles with columns of probabilities called like the labels themselves, where each row of them adds up to 1."""
    taken = {roles.label, roles.predicted, roles.sample, roles.group}
    free = [n for n in table.numbers if n not in taken]
    for names in (free, [n for n in free if n in set(label)]):
        if len(names) > 1 and set(label) <= set(names):
            sums = np.sum([table.numbers[n].values for n in names], axis=0)
            if np.allclose(sums, 1, atol=ROUNDED) or np.allclose(sums, 100, atol=100 * ROUNDED):
                log.notes.append(f"The columns {', '.join(names[:6])} were taken as the probabilities of these classes.")
                return replace(roles, probabilities={n: n for n in names})
    return roles


def _names(log: Log) -> tuple[str, ...]:
    """The header, also of a table that holds words alone."""
    dialect = dialect_of(log)
    if dialect is not None:
        return dialect.names
    if not log.is_text:
        return ()
    first = log.head_text.split("\n", 1)[0]
    separator = max(",;\t|", key=first.count)
    return tuple(c.strip().strip('"') for c in first.split(separator))


def _text_table(log: Log) -> Table:
    if dialect_of(log) is not None:
        return csv_table(log)
    import csv
    import io

    names = _names(log)
    separator = max(",;\t|", key=log.lines[0].count)
    rows = [r for r in csv.reader(io.StringIO(log.text), delimiter=separator) if r][1:]
    if any(len(r) < len(names) for r in rows):
        raise DermaiError(f"{log.path} has rows with fewer cells than its header", "mend the file")
    return table_of_columns({n: [r[i].strip() for r in rows] for i, n in enumerate(names)}, log.name)


def _parquet(log: Log) -> Table:
    import pyarrow as pa
    import pyarrow.parquet as pq

    from dermai_report.sources._csv import arrow_column

    if log.path.stat().st_size > LARGEST:
        raise DermaiError(f"{log.path} is larger than {LARGEST / 1024**3:g} GB", "leave out what is no prediction")
    try:
        table = pq.read_table(log.path)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OSError) as error:
        raise DermaiError(f"{log.path} is no Parquet file: {error}", "write it again") from None
    numbers: dict[str, Column] = {}
    texts: dict[str, Sequence[str | None]] = {}
    for name in table.column_names:
        column = table.column(name)
        kind = column.type
        if pa.types.is_dictionary(kind):
            column = column.cast(kind.value_type)
        if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
            texts[name] = column.to_pylist()
        elif not pa.types.is_nested(kind):
            read = arrow_column(column)
            if read is not None:
                numbers[name] = read
    return Table(numbers, texts, None, log.name, table.num_rows)


def _texts(table: Table, name: str, log: Log) -> list[str]:
    """A column as text, every row given."""
    if name in table.numbers:
        column = table.numbers[name]
        if not column.given.all() or not np.isfinite(column.values).all():
            raise DermaiError(f"{log.path} has rows without {name!r}", "each image needs one")
        return as_text(column.values.tolist())
    values: Any = table.texts[name]
    if any(v is None for v in values):
        raise DermaiError(f"{log.path} has rows without {name!r}", "each image needs one")
    return [v.strip() for v in values]


def _further(table: Table, roles: Roles) -> dict[str, list[str]]:
    """What else is known of the images, empty where it is not: words and whole numbers; others are scores (a loss, a logit)."""
    taken = {roles.label, roles.predicted, roles.sample, roles.group, roles.positive, *roles.probabilities.values()}
    found = {}
    for name in table.names:
        column = table.numbers.get(name)
        if name in taken or role_of(name) or name in OWN or name.startswith("p:"):
            continue
        if column is None:
            found[name] = [(v or "").strip() for v in table.texts[name]]
        elif column.n and all(map(float.is_integer, column.values[column.given].tolist())):
            found[name] = [f"{v:.0f}" if g else "" for v, g in zip(column.values, column.given, strict=True)]
    return found


def _probabilities(table: Table, roles: Roles, log: Log) -> tuple[np.ndarray | None, list[str] | None]:
    """(n, classes) and the class of each column."""
    if not roles.probabilities:
        return None, None
    columns = [table.numbers[n] for n in roles.probabilities.values()]
    if not all(c.given.all() for c in columns):
        raise DermaiError(
            f"{log.path} has rows without a probability of each class", "each image needs all of them, or leave them out"
        )
    names = list(roles.probabilities)
    numbered = sorted(names, key=lambda n: int(n) if n.isdigit() else 0) if all(n.isdigit() for n in names) else names
    stacked = np.stack([table.numbers[roles.probabilities[n]].values for n in numbered], axis=1)
    return stacked.astype(np.float32), numbered
