"""Curves in JSON of any shape: lists by name, a list of epochs, an epoch a key, what pandas writes, and JSON lines."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from dermai_report.sources._choice import one_of
from dermai_report.sources._columns import SPLIT_OF, meaning, words_of
from dermai_report.sources._csv import LARGE, arrow_column
from dermai_report.sources._log import NOT_JSON, Log, parse_json
from dermai_report.sources._steps import OFTEN
from dermai_report.sources._table import Column, Table, number, table_of_columns, table_of_rows

DEEPEST = 6
MOST_LEAVES = 5_000
EPOCH_KEY = re.compile(r"(?:epoch)?[\s_-]*(\d{1,7})", re.IGNORECASE)


@dataclass
class Found:
    """What a JSON value holds. lists: curves by path; rows: lists of epochs by path; scalars: single values by path."""

    lists: dict[tuple[str, ...], Sequence[Any]] = field(default_factory=dict)
    rows: dict[tuple[str, ...], Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    scalars: dict[tuple[str, ...], Any] = field(default_factory=dict)


def curves(value: Any) -> Found:
    """Everything in a JSON value that could be a curve, with the path of keys to each."""
    found = Found()
    _walk(value, (), found)
    return found


def holds_curves(value: Any) -> bool:
    """Whether a JSON value holds a metric by the epoch."""
    if not isinstance(value, dict | list):
        return False
    found = curves(value)
    names = [_name(path) for path in found.lists] + [k for rows in found.rows.values() for row in rows[:3] for k in flat(row)]
    return any(meaning(n).role == "metric" for n in names)


def json_tables(value: Any, log: Log) -> tuple[list[Table], dict[str, Any]]:
    """The tables of a JSON value, and the single values beside them (a configuration).

    Raises DermaiError that lists the runs where it holds several, by names that are no splits.
    """
    found = _of_one_run(curves(value), log)
    tables = [
        table_of_rows([(None, {_name((*path, k)): v for k, v in flat(row).items()}) for row in rows], log.name)
        for path, rows in found.rows.items()
        if any(meaning(k).role == "metric" for row in rows[:3] for k in flat(row))
    ]
    tables += _of_lists({_name(path): values for path, values in found.lists.items()}, log)
    single = {_name(path): v for path, v in found.scalars.items()}
    tested = {
        k: [v]
        for k, v in single.items()
        if meaning(k).role == "metric" and meaning(k).split == "test" and number(v) is not None
    }
    if tables and tested:
        tables.append(table_of_columns(tested, log.name))
    return tables, {k: v for k, v in single.items() if k not in tested}


def flat(row: Mapping[str, Any], prefix: str = "", level: int = 0) -> dict[str, Any]:
    """A row with the keys of nested ones joined by a slash; lists are left out."""
    done: dict[str, Any] = {}
    for key, value in row.items():
        if isinstance(value, Mapping) and level < DEEPEST:
            done |= flat(value, f"{prefix}{key}/", level + 1)
        elif not isinstance(value, list | dict):
            done[f"{prefix}{key}"] = value
    return done


def _walk(value: Any, path: tuple[str, ...], found: Found) -> None:
    if len(path) > DEEPEST or len(found.lists) + len(found.rows) + len(found.scalars) > MOST_LEAVES:
        return
    if isinstance(value, list):
        if value and sum(isinstance(v, dict) for v in value) > len(value) / 2:
            found.rows[path] = [v for v in value if isinstance(v, dict)]
        elif value and path and _are_numbers(value):
            found.lists[path] = value
    elif isinstance(value, dict):
        _walk_mapping(value, path, found)
    elif path:
        found.scalars[path] = value


def _walk_mapping(value: dict[str, Any], path: tuple[str, ...], found: Found) -> None:
    if isinstance(value.get("columns"), list) and isinstance(value.get("data"), list):  # pandas, orient="split"
        rows = [dict(zip(map(str, value["columns"]), r, strict=False)) for r in value["data"] if isinstance(r, list)]
        found.rows[path] = rows
        return
    epochs = [EPOCH_KEY.fullmatch(k) for k in value]
    if value and all(epochs):
        keys = [int(m[1]) for m in epochs if m]
        order = sorted(zip(keys, value.values(), strict=True), key=lambda pair: pair[0])
        if all(isinstance(v, dict) for v in value.values()):
            found.rows[path] = [{"epoch": k, **v} for k, v in order]
            return
        if path and _are_numbers([v for _, v in order]):
            found.lists[path] = [v for _, v in order]
            return
    for key, inner in value.items():
        _walk(inner, (*path, str(key)), found)


def _are_numbers(values: Sequence[Any]) -> bool:
    """Whether the first values are numbers, or blanks between numbers."""
    some = list(values[:50])
    return any(number(v) is not None for v in some) and all(
        v is None or number(v) is not None or v in ("NaN", "nan") for v in some
    )


def _name(path: Sequence[str]) -> str:
    """The name of a leaf: its key, with the words above it that tell its split."""
    above = [p for p in path[:-1] if any(w in SPLIT_OF for w in words_of(p))]
    return "/".join([*above, *path[-1:]])


def _of_one_run(found: Found, log: Log) -> Found:
    """The curves of the run that the user chose, where the same names stand under several keys that are no splits."""
    runs: dict[str, set[str]] = {}
    for path in [*found.lists, *found.rows]:
        for i, key in enumerate(path[:-1] if path in found.lists else path):
            if not any(w in SPLIT_OF for w in words_of(key)):
                rest = "/".join(path[i + 1 :]) or "rows"
                if path in found.rows or meaning(_name(path)).role == "metric":
                    runs.setdefault(rest, set()).add("/".join(path[: i + 1]))
                break
    names = sorted(max(runs.values(), key=lambda names: len(set(names)), default=set()))
    if len(names) < 2:
        return found
    chosen = one_of(log, {name: name for name in names})
    inside = tuple(chosen.split("/"))

    def below(part: Mapping[tuple[str, ...], Any]) -> dict[tuple[str, ...], Any]:
        return {path: v for path, v in part.items() if path[: len(inside)] == inside}

    return Found(below(found.lists), below(found.rows), below(found.scalars))


def _of_lists(lists: Mapping[str, Sequence[Any]], log: Log) -> list[Table]:
    """One table of the lists that belong together by their length; a shorter one that fits into it is every k-th epoch's."""
    lengths = [len(v) for k, v in lists.items() if meaning(k).role == "metric"]
    if not lengths:
        return []
    n = max(set(lengths), key=lambda length: (lengths.count(length), length))
    trained = [len(v) for k, v in lists.items() if meaning(k).role == "metric" and meaning(k).split == "train"]
    n = max([n, *trained]) if trained and max(trained) % n == 0 else n
    evaluated = [len(v) for k, v in lists.items() if meaning(k).role == "metric" and meaning(k).split == "val"]
    batches = {
        k
        for k, v in lists.items()
        if meaning(k).role == "metric" and meaning(k).split == "train" and len(v) == n > OFTEN * max(evaluated, default=n)
    }
    if batches:
        n = max(evaluated)
    columns: dict[str, Sequence[Any]] = {}
    for name, values in lists.items():
        sense = meaning(name)
        if name in batches and len(values) % n == 0:
            each = len(values) // n
            columns[name] = np.mean(np.array([number(v) for v in values], dtype=float).reshape(n, each), axis=1)
            log.notes.append(
                f"{name!r} has {len(values)} values for {n} evaluations: taken as {each} batches an epoch, whose mean counts. Were "
                f"they epochs, the run was evaluated every {each}th."
            )
        elif len(values) == n:
            columns[name] = values
        elif sense.role == "metric" and len(values) < n and n % len(values) == 0 and len(values) > 1:
            every = n // len(values)
            columns[name] = [values[(i + 1) // every - 1] if (i + 1) % every == 0 else None for i in range(n)]
            log.notes.append(f"{name!r} has {len(values)} values for {n} epochs: taken as one every {every} epochs.")
        elif sense.role == "metric":
            log.notes.append(f"{name!r} has {len(values)} values where others have {n}: left out.")
    return [table_of_columns(columns, log.name)]


def json_lines_table(log: Log) -> Table:
    """The objects of a file of JSON lines; a torn or broken line is left out, with a note."""
    data = log.utf8
    if len(data) > LARGE:
        table = _by_arrow(log, data)
        if table is not None:
            return table
    rows: list[tuple[int, dict[str, Any]]] = []
    broken = 0
    for index, line in enumerate(data.split(b"\n"), start=1):
        if not line.strip():
            continue
        value = parse_json(line)
        if isinstance(value, dict):
            rows.append((index, flat(value)))
        else:
            broken += value is NOT_JSON
    if broken:
        log.notes.append(
            f"{broken} line{'s' if broken > 1 else ''} of {log.name} could not be read as JSON, and were left out."
        )
    return table_of_rows(rows, log.name)


def _by_arrow(log: Log, data: bytes) -> Table | None:
    """The columns by pyarrow, which is quicker; None where a key holds values of several kinds."""
    import pyarrow as pa
    from pyarrow import json as arrow

    try:
        table = arrow.read_json(io.BytesIO(data), read_options=arrow.ReadOptions(block_size=8 * 1024**2))
        while any(pa.types.is_struct(c.type) for c in table.columns):
            table = table.flatten()
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return None
    numbers: dict[str, Column] = {}
    texts: dict[str, Sequence[str | None]] = {}
    for name in table.column_names:
        kind = table.schema.field(name).type
        if pa.types.is_list(kind) or pa.types.is_boolean(kind) or pa.types.is_timestamp(kind):
            continue
        column = arrow_column(table.column(name))
        if column is None:
            texts[name] = table.column(name).to_pylist()
        else:
            numbers[name] = column
    whole = table.num_rows == data.count(b"\n") + (not data.endswith(b"\n"))
    return Table(numbers, texts, np.arange(1, table.num_rows + 1) if whole else None, log.name, table.num_rows)


def line_names(log: Log) -> Iterator[str]:
    """The names in the first lines of JSON lines."""
    for row in log.json_lines[:200]:
        yield from flat(row)
