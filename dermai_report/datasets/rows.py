"""A table with a row an image: which of its columns say what, and what is kept of the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dermai_report.datasets.layout import SPLIT_NAMES
from dermai_report.datasets.tables import SUFFIXES, read_table
from dermai_report.errors import DermaiError

# How the columns are called, the first that is there; upper and lower case are the same.
PATH = ("path", "file", "filename", "file_name", "image", "image_id", "sample")
LABEL = ("label", "class", "dx")
SPLIT = ("split",)
GROUP = ("group",)
TAKEN = ("sample", "group", "label", "predicted")  # columns that predictions have of their own


@dataclass(frozen=True)
class Rows:
    """The columns of such a table, each with an entry a row; None for one that is not there. extra: the others, by name."""

    source: Path
    path: Sequence[str]
    label: Sequence[str] | None
    split: Sequence[str] | None
    group: Sequence[str] | None
    extra: dict[str, list[str]]

    def __len__(self) -> int:
        """Rows."""
        return len(self.path)


def is_table(path: str | Path) -> bool:
    """Whether it is a file of a kind that can hold such rows."""
    return Path(path).suffix.lower() in SUFFIXES and Path(path).is_file()


def read_rows(path: Path) -> Rows:
    """Read the table. Raises DermaiError naming file and row."""
    columns = read_table(path)
    names = {name.lower(): name for name in columns}

    def take(wanted: Sequence[str]) -> list[str] | None:
        found = next((names[name] for name in wanted if name in names), None)
        return None if found is None else columns.pop(found)

    place = take(PATH)
    if place is None:
        raise DermaiError(f"{path} has no column with the paths of the images", f"call it path; it has {', '.join(columns)}")
    label, split, group = take(LABEL), take(SPLIT), take(GROUP)
    for name in columns:
        if name in TAKEN or name.startswith("p:"):
            raise DermaiError(f"{path}: column {name!r} has a name that predictions use", "rename it")
    _check_filled(path, place, "path")
    if label is not None:
        _check_filled(path, label, "label")
    return Rows(path, place, label, _splits(path, split), _groups(group, place), columns)


def _check_filled(path: Path, column: Sequence[str], what: str) -> None:
    empty = next((n for n, cell in enumerate(column) if not cell.strip()), None)
    if empty is not None:
        raise DermaiError(f"{path}, row {empty + 1}: no {what}", "fill it in, or remove the row")


def _splits(path: Path, column: list[str] | None) -> list[str] | None:
    """train, val or test; None where the column is there and empty."""
    if column is None or not any(cell.strip() for cell in column):
        return None
    meaning = {spelling: split for split, spellings in SPLIT_NAMES.items() for spelling in spellings}
    found = []
    for n, cell in enumerate(column):
        split = meaning.get(cell.strip().lower())
        if split is None:
            raise DermaiError(f"{path}, row {n + 1}: split is {cell!r}", "it must be train, val or test, or empty in all rows")
        found.append(split)
    return found


def _groups(column: list[str] | None, place: Sequence[str]) -> list[str] | None:
    """A group for each row; a row that names none is a group of its own."""
    if column is None or not any(column):
        return None
    return [group or own for group, own in zip(column, place, strict=True)]
