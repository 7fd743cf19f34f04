"""Bring excluded classes back, exactly as they were.

  dermai-data restore rash --data photos
  dermai-data restore --all --data photos

The folders are held against the manifest written when they were set aside, and go back to where they were.
"""

from __future__ import annotations

import argparse

from dermai_report.datasets.commands import _changes
from dermai_report.errors import DermaiError


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("classes", metavar="CLASS", nargs="*", help="a class to bring back")
    parser.add_argument("--all", action="store_true", help="bring all of them back")
    _changes.add_options(parser, "even if the files are not those that were set aside")


def run(options: argparse.Namespace) -> int:
    """Move the folders back."""
    from dermai_report.datasets.exclusion import plan

    if bool(options.classes) == options.all:
        raise DermaiError("restore needs the names of classes, or --all", "dermai-data list --data DIR shows what is set aside")
    return _changes.change(
        "restore", options.data, options.dry_run, lambda root: plan.restore(root, options.classes, options.force)
    )
