"""Parquet tables, whole or absent, with errors that name the file; columns as arrays. pyarrow is imported when first needed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dermai_report.errors import DermaiError
from dermai_report.files import write_atomically

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import DTypeLike

HINT = "remove the file, or write it again; its columns are in docs/run-format.md"


def write_table(path: Path, columns: dict[str, Any], facts: dict[str, str] | None = None) -> None:
    """Write columns, and facts of the whole table into its metadata."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.table(columns).replace_schema_metadata(facts)
    write_atomically(path, lambda temporary: pq.write_table(table, temporary, compression="zstd"))


def read_table(path: Path, needed: Sequence[str] = ()) -> Any:
    """A table with at least one row and the columns `needed`; raises DermaiError naming the file and what it lacks."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:  # pq.read_table imports pandas, 0.3 s
            table = file.read()
        table.validate(full=True)
    except (pa.ArrowException, OSError) as error:
        raise DermaiError(f"{path} is not a readable Parquet file: {error}", HINT) from None
    repeated = [name for name, times in Counter(table.column_names).items() if times > 1]
    if repeated:
        raise DermaiError(f"{path}: column {', '.join(repeated)} is there more than once", HINT)
    missing = [name for name in needed if name not in table.column_names]
    if missing:
        raise DermaiError(f"{path}: no column {', '.join(missing)}", HINT)
    if not table.num_rows:
        raise DermaiError(f"{path} has no rows", HINT)
    return table


def whole_number(table: Any, key: str, path: Path) -> int | None:
    """A fact from the metadata of a table as a number of 1 or more; None where it is not there."""
    value = (table.schema.metadata or {}).get(key.encode())
    if value is None:
        return None
    if not value.isdigit() or int(value) == 0:
        raise DermaiError(f"{path}: its metadata has {key} {value.decode(errors='replace')!r}, no number from 1 up", HINT)
    return int(value)


def numbers(table: Any, name: str, path: Path, dtype: DTypeLike, whole: bool = False) -> np.ndarray:
    """A column of numbers (whole ones, where asked for); raises DermaiError for text, lists and empty cells."""
    import numpy as np
    import pyarrow as pa

    column = table.column(name)
    fits = pa.types.is_integer(column.type) or (pa.types.is_floating(column.type) and not whole)
    if not fits or column.null_count:
        held = f"{column.null_count} empty cells" if fits else str(column.type)
        raise DermaiError(f"{path}: column {name} must hold {'whole ' * whole}numbers, not {held}", HINT)
    with np.errstate(over="ignore"):  # 1e308 is infinity as float32: a loss that large says no more
        return _array(column.combine_chunks()).astype(dtype, copy=False)


def class_codes(table: Any, name: str, classes: Sequence[str], path: Path) -> np.ndarray:
    """(n,) class indices of a column of class names, whatever order its own dictionary has."""
    import numpy as np

    array = _text_column(table, name, path).combine_chunks().dictionary_encode()
    index = {name: i for i, name in enumerate(classes)}
    local = array.dictionary.to_pylist()
    unknown = [name for name in local if name not in index]
    if unknown:
        raise DermaiError(f"{path}: class {unknown[0]!r} is not among the classes of run.json")
    order = np.array([index[name] for name in local] or [0], dtype=np.int32)
    return np.asarray(order[_array(array.indices)])


def holds_text(table: Any, name: str) -> bool:
    """Whether a column is one of text."""
    import pyarrow as pa

    kind = table.column(name).type
    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def texts(table: Any, name: str, path: Path, empty: bool = False) -> Strings:
    """A column of text (or of whole numbers, as text), each cell filled; with `empty`, a cell that is not is the empty text."""
    import pyarrow as pa

    if empty and pa.types.is_dictionary(table.column(name).type):  # a null among the codes cannot be filled
        table = table.set_column(table.column_names.index(name), name, table.column(name).cast(pa.string()))
    if empty and table.column(name).null_count:
        table = table.set_column(table.column_names.index(name), name, table.column(name).fill_null(""))
    if pa.types.is_integer(table.column(name).type):
        table = table.set_column(table.column_names.index(name), name, table.column(name).cast(pa.string()))
    column = _text_column(table, name, path)
    return Strings(column.cast(pa.string()) if pa.types.is_dictionary(column.type) else column)


def _text_column(table: Any, name: str, path: Path) -> Any:

    column = table.column(name)
    if not holds_text(table, name):
        raise DermaiError(f"{path}: column {name} must hold text, not {column.type}", HINT)
    if column.null_count:
        raise DermaiError(f"{path}: {column.null_count} cells of column {name} are empty", HINT)
    return column


class Strings(Sequence[str]):
    """A Parquet text column as a sequence that makes Python strings only for the rows asked for (a million cost 0.2 s)."""

    def __init__(self, column: Any) -> None:
        self._column = column

    def __len__(self) -> int:
        return len(self._column)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return self._column[index].to_pylist()
        return self._column[index].as_py()

    def unique_codes(self) -> np.ndarray:
        """(n,) codes, one number a distinct text: what grouping needs."""
        import numpy as np

        return _array(self._column.combine_chunks().dictionary_encode().indices).astype(np.int64)


def column(values: np.ndarray) -> Any:
    """An array of numbers (n,) as Arrow's; Arrow's own `array` imports pandas when it is given one of numpy's, 0.2 s."""
    import numpy as np
    import pyarrow as pa

    whole = np.ascontiguousarray(values)
    return pa.Array.from_buffers(pa.from_numpy_dtype(whole.dtype), len(whole), [None, pa.py_buffer(whole)])


def text_column(values: Sequence[str]) -> Any:
    """Texts as Arrow's, for the same reason."""
    import numpy as np
    import pyarrow as pa

    encoded = [value.encode() for value in values]
    ends = np.cumsum([0, *map(len, encoded)], dtype=np.int32)
    return pa.StringArray.from_buffers(len(encoded), pa.py_buffer(ends), pa.py_buffer(b"".join(encoded)))


def _array(numbers: Any) -> np.ndarray:
    """An Arrow array of numbers as numpy's, without a copy; Arrow's own `to_numpy` imports pandas."""
    import numpy as np

    return np.from_dlpack(numbers)
