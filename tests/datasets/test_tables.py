"""Tables of text: what is read, and which line is wrong."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dermai_report.datasets.tables import read_table, write_csv
from dermai_report.errors import DermaiError

cells = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)


@given(rows=st.lists(st.tuples(cells, cells), min_size=1, max_size=5))
def test_round_trip(rows: list[tuple[str, str]], tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("t") / "t.csv"
    columns = {"path": [a for a, _ in rows], "skin, tone": [b for _, b in rows]}
    write_csv(path, columns)
    assert read_table(path) == columns


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_delimiters_and_byte_order_mark(delimiter: str, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(f"\ufeffpath{delimiter} label\r\na b.png{delimiter}x\r\n\r\n", encoding="utf-8")
    assert read_table(path) == {"path": ["a b.png"], "label": ["x"]}


def test_parquet_of_any_simple_type(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    table = {"path": ["a", "b"], "age": [41, None], "site": pa.array(["x", None]).dictionary_encode(), "left": [True, False]}
    pq.write_table(pa.table(table), path)
    assert read_table(path) == {"path": ["a", "b"], "age": ["41", ""], "site": ["x", ""], "left": ["true", "false"]}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "has no rows"),
        ("path,label\n", "has no rows"),
        ("path,label\na\n", "line 2: 1 cells for 2 columns"),
        ("path,path\na,b\n", "'path' is there more than once"),
        ("path,\na,b\n", "column 2 has no name"),
        (b"path\n\xff\n", "not readable as CSV"),
        ('path\n"a\n', "not readable as CSV"),
    ],
)
def test_what_is_no_table(content: str | bytes, words: str, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(DermaiError, match=words) as caught:
        read_table(path)
    assert str(path) in str(caught.value)


def test_what_is_no_parquet(tmp_path: Path) -> None:
    (tmp_path / "t.parquet").write_bytes(b"PAR1")
    with pytest.raises(DermaiError, match="not a readable Parquet file"):
        read_table(tmp_path / "t.parquet")
    pq.write_table(pa.table({"path": ["a"], "lists": [[1, 2]]}), tmp_path / "l.parquet")
    with pytest.raises(DermaiError, match="column lists holds list"):
        read_table(tmp_path / "l.parquet")
