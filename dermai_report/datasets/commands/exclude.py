"""Set classes aside: their folders go to DIR/.excluded until they are restored.

  dermai-data exclude rash --data photos --why "labels under review"
  dermai-data exclude --data photos -- -odd-name

Folders are renamed, nothing is copied or deleted. Killed at any moment, the next call of dermai-data finishes or undoes it.
"""

from __future__ import annotations

import argparse

from dermai_report.datasets.commands import _changes


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("classes", metavar="CLASS", nargs="+", help="a class to set aside, by the name of its folder")
    parser.add_argument("--why", metavar="TEXT", default="", help="the reason, kept in the manifest and shown by list")
    _changes.add_options(parser, "even if fewer than two classes are left to train on")


def run(options: argparse.Namespace) -> int:
    """Move the folders."""
    from dermai_report.datasets.exclusion import plan

    return _changes.change(
        "exclude", options.data, options.dry_run, lambda root: plan.exclude(root, options.classes, options.why, options.force)
    )
