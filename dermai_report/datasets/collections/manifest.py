"""A table with a row an image: CSV or Parquet with the columns path, label, and where known split and group.

Paths are absolute or below the table's folder. Further columns, such as skin_tone or site, are kept for the scores of subgroups.
"""

from __future__ import annotations

from collections import Counter
from itertools import repeat
from pathlib import Path

from dermai_report.datasets import decoding
from dermai_report.datasets.exclusion.record import read_records, restoring
from dermai_report.datasets.items import Collection, Item, LeftOut
from dermai_report.datasets.rows import is_table, read_rows
from dermai_report.errors import DermaiError

WHAT = "a CSV or Parquet file with the columns path and label"


def recognises(data: str, data_root: str = "") -> bool:
    """Whether it is a table."""
    return is_table(data)


def open_collection(data: str, data_root: str = "") -> Collection:
    """The pictures that the rows name. Raises DermaiError for a row that names none, or one twice."""
    table = Path(data)
    rows = read_rows(table)
    if rows.label is None:
        raise DermaiError(f"{table} has no column with the classes of the images", "call it label")
    extra = zip(*rows.extra.values(), strict=True) if rows.extra else repeat((), len(rows))
    splits, groups = rows.split or repeat("train", len(rows)), rows.group or repeat(None, len(rows))
    items = [Item(*cells) for cells in zip(rows.path, rows.label, splits, groups, extra, strict=True)]
    repeated = [sample for sample, times in Counter(i.sample for i in items).items() if times > 1]
    if repeated:
        raise DermaiError(f"{table} names {repeated[0]} more than once", "an image has one row")
    home = table.parent
    present, excluded = _without_excluded(home, items, table)
    return Collection(
        source=str(table),
        items=present,
        read=lambda item: (home / item.sample).read_bytes(),
        decode=decoding.decode,
        excluded=excluded,
        columns=tuple(rows.extra),
        home=home,
    )


def _without_excluded(home: Path, items: list[Item], table: Path) -> tuple[list[Item], dict[str, LeftOut]]:
    """The rows whose files are there, and the classes that are set aside in the table's folder; any other absence is an error."""
    gone = {item.sample for item in items if not (home / item.sample).exists()}
    if not gone:
        return items, {}
    records = read_records(home)
    for item in items:
        if item.sample in gone and item.label not in records:
            raise DermaiError(
                f"{table} names {item.sample}, which is not there ({len(gone)} of {len(items)} are not)",
                "paths are relative to the table's folder; mend or remove such rows",
            )
    excluded = {}
    for name in sorted({item.label for item in items if item.sample in gone}):
        counts = Counter(item.split for item in items if item.sample in gone and item.label == name)
        excluded[name] = LeftOut(dict(counts), restoring(name, home))
    return [item for item in items if item.sample not in gone], excluded
