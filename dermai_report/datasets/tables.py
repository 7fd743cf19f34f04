"""Tables of text with a name for each column: CSV (comma, semicolon or tab) and Parquet."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

from dermai_report.errors import DermaiError

SUFFIXES = (".csv", ".tsv", ".parquet")
HINT = "its first line names the columns, and each further line has as many cells"


def read_table(path: Path) -> dict[str, list[str]]:
    """The columns by name, as text, empty where a cell is; at least one row. Raises DermaiError naming file and line."""
    columns = _from_parquet(path) if path.suffix.lower() == ".parquet" else _from_csv(path)
    if not columns or not next(iter(columns.values())):
        raise DermaiError(f"{path} has no rows", HINT)
    return columns


def write_csv(path: Path, columns: dict[str, list[str]]) -> None:
    """Write a CSV that `read_table` reads back; a cell may hold anything."""
    from dermai_report.files import write_atomically

    def write(temporary: Path) -> None:
        with temporary.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(columns)
            writer.writerows(zip(*columns.values(), strict=True))

    write_atomically(path, write)


def _from_csv(path: Path) -> dict[str, list[str]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            first = file.readline()
            file.seek(0)
            rows = csv.reader(file, delimiter=max(",;\t", key=first.count), strict=True)
            names = [name.strip() for name in next(rows, [])]
            _check_names(path, names)
            cells = []
            for row in rows:
                if len(row) == len(names):
                    cells.append(row)
                elif row:
                    raise DermaiError(f"{path}, line {rows.line_num}: {len(row)} cells for {len(names)} columns", HINT)
    except (UnicodeDecodeError, csv.Error) as error:
        raise DermaiError(f"{path} is not readable as CSV: {error}", "save it as UTF-8; " + HINT) from None
    except OSError as error:
        raise DermaiError(f"cannot read {path}: {error.strerror}") from None
    return dict(zip(names, (list(column) for column in zip(*cells, strict=True)), strict=True)) if cells else {}


def _from_parquet(path: Path) -> dict[str, list[str]]:
    import pyarrow as pa

    from dermai_report.storage import parquet

    try:
        table = parquet.read_table(path)
    except DermaiError as error:
        raise DermaiError(error.message, "write it again; it has a row an image") from None
    _check_names(path, table.column_names)
    columns = {}
    for name in table.column_names:
        column = table.column(name)
        if pa.types.is_dictionary(column.type):
            column = column.cast(column.type.value_type)
        try:
            values = column.cast(pa.string()).to_pylist()
        except pa.ArrowException:
            raise DermaiError(f"{path}: column {name} holds {column.type}, which is no text", "leave it out") from None
        columns[name] = ["" if value is None else value for value in values]
    return columns


def _check_names(path: Path, names: list[str]) -> None:
    repeated = [name for name, times in Counter(names).items() if times > 1]
    if repeated:
        raise DermaiError(f"{path}: column {repeated[0]!r} is there more than once", "rename one of them")
    if "" in names:
        raise DermaiError(f"{path}: column {names.index('') + 1} has no name", HINT)
