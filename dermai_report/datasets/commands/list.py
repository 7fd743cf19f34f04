"""What is in a data set and what is set aside: images per class and split.

  dermai-data list --data photos

A change that was cut short is finished or undone first.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from dermai_report.datasets.commands import _changes

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
    sys.stdout.write("".join(line.rstrip() + "\n" for line in table(present, read_records(root))))
    return 0


def table(present: Mapping[str, Mapping[str, int]], aside: Mapping[str, Record]) -> Sequence[str]:
    """A line a class: its images in each split, and of one set aside when, by whom and why."""
    rows = [(name, counts, "") for name, counts in present.items()]
    rows += [
        (name, record.counts, f"excluded {record.when} by {record.by}{': ' if record.why else ''}{record.why}")
        for name, record in aside.items()
    ]
    splits = list(dict.fromkeys(split for _, counts, _ in rows for split in counts))
    width = max(5, *(len(name) for name, *_ in rows)) if rows else 5
    lines = ["  ".join([f"{'class':{width}}", *(f"{split:>7}" for split in splits)])]
    for name, counts, note in rows:
        lines.append("  ".join([f"{name:{width}}", *(f"{counts.get(split, 0):7,}" for split in splits), note]))
    return lines
