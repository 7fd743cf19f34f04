"""What is in a data set and what is set aside: images per class and split.

  dermai-data list --data photos

A change that was cut short is finished or undone first.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from dermai_report.datasets.commands import _changes
from dermai_report.datasets.commands._table import lines, shown

if TYPE_CHECKING:
    from dermai_report.datasets.exclusion.record import Record


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    _changes.add_data(parser)


def run(options: argparse.Namespace) -> int:
    """Print a line a class."""
    from dermai_report.datasets.exclusion import journal
    from dermai_report.datasets.exclusion.plan import class_folders, images
    from dermai_report.datasets.exclusion.record import read_records
    from dermai_report.datasets.in_use import changing
    from dermai_report.datasets.layout import check_root

    root = options.data
    check_root(root)
    if journal.is_pending(root):
        with changing(root):
            _changes.say_recovered(journal.recover(root))
    present = {
        name: {split: images(folder) for split, folder in folders.items()} for name, folders in class_folders(root).items()
    }
    print("\n".join(lines([*((name, counts, "") for name, counts in present.items()), *_aside(read_records(root))])))
    return 0


def _aside(records: Mapping[str, Record]) -> Iterator[tuple[str, Mapping[str, int], str]]:
    for name, record in records.items():
        why = f": {shown(record.why)}" if record.why else ""
        yield name, record.counts, f"excluded {record.when} by {record.by}{why}"
