"""What the commands that move classes share: their options, one way to carry a plan out, and to say what was done."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from dermai_report.datasets.commands._table import shown

if TYPE_CHECKING:
    from dermai_report.datasets.exclusion.record import Record


def add_options(parser: argparse.ArgumentParser, force: str) -> None:
    """--data, --dry-run and --force, whose meaning is given."""
    add_data(parser)
    parser.add_argument("--dry-run", action="store_true", help="say what would be moved, and move nothing")
    parser.add_argument("--force", action="store_true", help=force)


def add_data(parser: argparse.ArgumentParser) -> None:
    """--data."""
    parser.add_argument("--data", metavar="DIR", type=Path, required=True, help="the data set, a folder of images")


def change(action: Literal["exclude", "restore"], data: Path, dry_run: bool, plan: Callable[[Path], Sequence[Record]]) -> int:
    """Plan, carry out and print; what an earlier call left half done is finished first. Returns the exit status."""
    from dermai_report.datasets.exclusion import journal
    from dermai_report.datasets.in_use import changing
    from dermai_report.datasets.layout import check_root
    from dermai_report.errors import DermaiError

    check_root(data)
    with changing(data):
        if dry_run and journal.is_pending(data):
            raise DermaiError(f"a change of {data} was cut short", f"dermai-data list --data {data} finishes or undoes it")
        say_recovered(journal.recover(data))
        records = plan(data)
        if not dry_run:
            journal.carry_out(data, action, records)
    for record in records:
        for part in record.parts:
            ends = (part.place, record.aside(part))
            source, target = ends if action == "exclude" else ends[::-1]
            images = f"{part.images} image{'s' * (part.images != 1)}"
            print(f"{'would move' if dry_run else 'moved'} {shown(source)} -> {shown(target)} ({images})")
    if not records:
        print("nothing to move")
    return 0


def say_recovered(what: str | None) -> None:
    """Tell of an earlier call that was cut short."""
    if what:
        print(f"dermai-data: {what}", file=sys.stderr)
