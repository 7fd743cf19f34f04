"""Separated values of every dialect: which separator and decimal sign, where the header is, and the columns."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dermai_report.errors import DermaiError
from dermai_report.sources._columns import SPLIT_OF, meaning
from dermai_report.sources._log import Log
from dermai_report.sources._table import BLANK, Column, Table, column_of, number, table_of_rows

SEPARATORS = "\t;,|"
LARGE = 4 * 1024**2  # bytes above which pyarrow reads the columns: quicker, and stricter about the shape of the rows
MARKDOWN = re.compile(r"\s*\|?(\s*:?-{2,}:?\s*\|)+(\s*:?-{2,}:?)?\s*")
LONGEST_RULE = 2_000  # characters of the line below a Markdown header: the pattern takes the square of its length
WORD = re.compile(r"(?!(?:nan|na|none|null)$)[A-Za-z][A-Za-z _.-]*", re.IGNORECASE)  # "mean" or "best" in the column of epochs
PREAMBLE = 30  # lines of words before a header
MOST_COLUMNS = 5_000
MOST_CELL = 100_000  # characters
Row = tuple[int, list[str], list[str]]  # the number of its line, the names of its columns, its cells


@dataclass(frozen=True)
class Dialect:
    """How a file separates its values. header: its line's index; separator: of the rows, None for runs of blanks."""

    names: tuple[str, ...]
    header: int
    separator: str | None
    decimal: str
    rows: tuple[tuple[str, ...], ...]  # the first ones


def dialect_of(log: Log) -> Dialect | None:
    """The dialect of a file of separated numbers below a header, or None where it is none."""
    if "dialect" not in log.kept:
        log.kept["dialect"] = _sniff(log)
    found: Dialect | None = log.kept["dialect"]
    return found


def _sniff(log: Log) -> Dialect | None:
    if not log.is_text or log.head[:1] in (b"{", b"[", b"<"):
        return None
    lines = log.head_text.split("\n")
    if any("|" in line and len(line) < LONGEST_RULE and MARKDOWN.fullmatch(line.strip()) for line in lines):
        return None
    filled = [(i, line) for i, line in enumerate(lines[:2000]) if line.strip()][: PREAMBLE + 6]
    for k in range(min(len(filled) - 1, PREAMBLE)):
        index, line = filled[k]
        below = [text for _, text in filled[k + 1 : k + 7]]
        if len(line) > MOST_CELL:
            return None
        for separator in (*sorted((s for s in SEPARATORS if s in line), key=lambda s: -line.count(s)), None):
            names = _names(line, separator)
            if len(names) < 2 or not (_are_words(names) or _transposed(names)):
                continue
            for of_rows in dict.fromkeys([separator, *SEPARATORS]):
                found = _fits(names, index, below, of_rows)
                if found:
                    return found
    return None


def _names(line: str, separator: str | None) -> tuple[str, ...]:
    return tuple(c.strip().lstrip("#").strip() for c in cells(line, separator))


def _are_words(names: Sequence[str]) -> bool:
    """Whether they can be a header: hardly a number among them, and not "loss: 0.5"."""
    return not names[0].endswith(":") and sum(number(n) is not None for n in names) <= max(1, len(names) // 4)


def _transposed(names: Sequence[str]) -> bool:
    return len(names) > 2 and [number(n) for n in names[1:]] == list(range(len(names) - 1))


def _fits(names: tuple[str, ...], header: int, below: Sequence[str], separator: str | None) -> Dialect | None:
    rows = [tuple(cells(line, separator)) for line in below]
    if not rows or len(rows[0]) < 2 or abs(len(rows[0]) - len(names)) > 1:
        return None
    decimal = "," if separator != "," and any(re.fullmatch(r"\s*-?\d+,\d+(e[-+]?\d+)?\s*", c) for r in rows for c in r) else "."
    first = rows[0]
    if separator is None and (len({len(r) for r in rows}) > 1 or len(first) != len(names) or None in map(number, first)):
        return None  # words of a sentence above others
    numbers = sum(number(c, decimal) is not None for c in first)
    blank = sum(c.strip().lower() in BLANK for c in first)
    if not numbers or numbers + blank < 0.5 * len(first) or len(names) > MOST_COLUMNS:
        return None
    return Dialect(names, header, separator, decimal, tuple(rows))


def counts_from_one(dialect: Dialect) -> bool:
    """Whether its first row says 1 in the first column: the epochs of a table of one's own, where a framework starts with 0."""
    return bool(dialect.rows) and number(dialect.rows[0][0], dialect.decimal) == 1


def cells(line: str, separator: str | None) -> list[str]:
    """The cells of a line, quotes removed."""
    if separator is None:
        return line.split()
    if '"' not in line:
        return line.split(separator)
    try:
        return next(csv.reader([line], delimiter=separator), [])
    except csv.Error:
        return line.split(separator)


def csv_table(log: Log) -> Table:
    """The file's columns; raises DermaiError where it has no header and numbers."""
    dialect = dialect_of(log)
    if dialect is None:
        raise DermaiError(f"{log.path} is no table of numbers below a header", "name the log of a training")
    if _transposed(dialect.names):
        return _turned(log, dialect)
    data = log.utf8
    if len(data) > LARGE and dialect.separator is not None:
        return _by_arrow(log, dialect, data)
    return table_of_rows(_rows(log, dialect), log.name) if dialect.decimal == "." else _with_decimal(log, dialect)


def _with_decimal(log: Log, dialect: Dialect) -> Table:
    rows = ((line, {k: v.replace(dialect.decimal, ".") for k, v in row.items()}) for line, row in _rows(log, dialect))
    return table_of_rows(rows, log.name)


def _rows(log: Log, dialect: Dialect) -> Iterator[tuple[int, dict[str, str]]]:
    """Rows with the numbers of their lines."""
    short = 0
    for line, names, values in _without_sums(log, dialect):
        short += len(values) < len([n for n in names if n])
        yield line, {k: v for k, v in zip(names, values, strict=False) if v}
    if short:
        log.notes.append(f"{short} rows of {log.name} have fewer cells than the header; what is missing counts as not logged.")


def _without_sums(log: Log, dialect: Dialect) -> Iterator[Row]:
    """The rows without those that have a word ("mean", "best") where the others have an epoch; of a test the test is kept."""
    column = _epoch_column(dialect)
    left_out = []
    for line, names, values in _below_headers(log, dialect):
        if column is None or not WORD.fullmatch("".join(values[column : column + 1])):
            yield line, names, values
            continue
        tested = {k: v for k, v in zip(names, values, strict=False) if v and meaning(k).split == "test"}
        if tested and SPLIT_OF.get(values[column].lower()) == "test":
            yield line, list(tested), list(tested.values())
        else:
            left_out.append(f"{log.name}:{line}")
    if left_out:
        log.notes.append(
            f"{len(left_out)} rows have a word where the others have an epoch ({left_out[0]}): no epoch, and left out."
        )


def _epoch_column(dialect: Dialect) -> int | None:
    """The place of the column that counts epochs in numbers ("Epoch 1" is a word as well)."""
    first = dialect.rows[0]
    place = next((i for i, n in enumerate(unique(dialect.names)[: len(first)]) if meaning(n).role == "epoch"), None)
    return None if place is None or number(first[place], dialect.decimal) is None else place


def _below_headers(log: Log, dialect: Dialect) -> Iterator[Row]:
    """The filled rows, each with the names above it: a further header is followed from there on."""
    names, headers = unique(dialect.names), 1
    for line, row in enumerate(log.lines[dialect.header + 1 :], start=dialect.header + 2):
        if not row.strip():
            continue
        values = [c.strip() for c in cells(row, dialect.separator)]
        if _is_header(values, dialect.names):
            names, headers = unique(values), headers + 1
        else:
            yield line, names, values
    if headers > 1:
        log.notes.append(f"{log.name} has its header {headers} times: training was started again.")


def _is_header(values: Sequence[str], names: Sequence[str]) -> bool:
    """Whether a row holds the names again, or some of them with others and no number."""
    same = len(set(values) & set(names) - {""})
    return same >= 2 and not any(number(v) is not None for v in values)


def unique(names: Sequence[str]) -> list[str]:
    """The names, a repeated one with its place behind it; blanks stay blank but for the first, an index."""
    return [
        name if name not in names[:i] else f"{name}.{i}" if name else f"column {i}" for i, name in enumerate(map(str, names))
    ]


def _turned(log: Log, dialect: Dialect) -> Table:
    """A table whose rows are metrics and whose columns are epochs."""
    columns = {}
    for line in log.lines[dialect.header + 1 :]:
        name, *values = cells(line, dialect.separator) or [""]
        if name.strip():
            columns[name.strip()] = [number(v, dialect.decimal) for v in values]
    n = max(map(len, columns.values()), default=0)
    log.notes.append(f"{log.name} has a row a metric and a column an epoch.")
    read = {k: column_of([*v, *[None] * (n - len(v))]) for k, v in columns.items()}
    return Table({k: c for k, c in read.items() if c is not None}, {}, None, log.name, n)


def _by_arrow(log: Log, dialect: Dialect, data: bytes) -> Table:
    start = 0
    for _ in range(dialect.header + 1):
        start = data.index(b"\n", start) + 1
    width = len(dialect.rows[0])
    names = unique([*dialect.names, *[""] * width][:width])
    table, skipped = _parsed(log, memoryview(data)[start:], names, dialect)
    if skipped:
        log.notes.append(f"{skipped} rows of {log.name} have another number of cells than the others: left out.")
    numbers: dict[str, Column] = {}
    texts: dict[str, list[str | None]] = {}
    for name in names:
        column = arrow_column(table.column(name), dialect.decimal)
        if column is None:
            texts[name] = [None if v is None else str(v) for v in table.column(name).to_pylist()]
        else:
            numbers[name] = column
    whole = table.num_rows == data.count(b"\n", start) + (not data.endswith(b"\n"))
    lines = np.arange(dialect.header + 2, dialect.header + 2 + table.num_rows) if whole else None
    return Table(numbers, texts, lines, log.name, table.num_rows)


def _parsed(log: Log, data: memoryview, names: list[str], dialect: Dialect) -> tuple[Any, int]:
    """The pyarrow table and how many rows were skipped: with the types of the first rows, or as text where later ones differ."""
    import pyarrow as pa
    from pyarrow import csv as arrow

    skipped: list[Any] = []

    def skip(row: Any) -> str:
        skipped.append(row)
        return "skip"

    types: dict[str, Any] = {}  # those of the first rows
    while True:
        skipped.clear()
        try:
            table = arrow.read_csv(
                io.BytesIO(data),
                read_options=arrow.ReadOptions(column_names=names, block_size=8 * 1024**2),
                parse_options=arrow.ParseOptions(delimiter=dialect.separator, invalid_row_handler=skip),
                convert_options=arrow.ConvertOptions(
                    column_types=types, strings_can_be_null=True, null_values=_blanks(), decimal_point=dialect.decimal
                ),
            )
        except pa.ArrowInvalid as error:
            if len(types) == len(names):
                raise DermaiError(f"{log.path} is no table: {error}", "mend the file, or cut it to whole lines") from None
            types = dict.fromkeys(names, pa.string())  # later rows hold something else
            continue
        clocks = [n for n in names if pa.types.is_temporal(table.schema.field(n).type)]
        if not clocks:
            return table, len(skipped)
        types |= dict.fromkeys(clocks, pa.string())  # 00:12 is twelve seconds here, not twelve minutes past midnight


def _blanks() -> list[str]:
    return sorted({w for blank in BLANK for w in (blank, blank.upper(), blank.capitalize())} | {"None", "N/A"})


def arrow_column(column: Any, decimal: str = ".") -> Column | None:
    """A pyarrow column as numbers, or None where it holds words."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        return column_of(column.to_pylist(), decimal)
    try:
        as_numbers = pc.cast(column, pa.float64())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return None
    given = as_numbers.is_valid().to_numpy() if as_numbers.null_count else np.ones(len(as_numbers), bool)
    return Column(as_numbers.to_numpy(), given)
