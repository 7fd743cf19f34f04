"""Set all classes aside but these.

dermai-data keep measles eczema --data photos
"""

from __future__ import annotations

import argparse

from dermai_report.datasets.commands import _changes


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("classes", metavar="CLASS", nargs="+", help="a class that stays, by the name of its folder")
    parser.add_argument("--why", metavar="TEXT", default="", help="the reason, kept in the manifests and shown by list")
    _changes.add_options(parser, "even if fewer than two classes are left to train on")


def run(options: argparse.Namespace) -> int:
    """Move the folders of the others."""
    from dermai_report.datasets.exclusion import plan

    return _changes.change(
        "exclude", options.data, options.dry_run, lambda root: plan.keep(root, options.classes, options.why, options.force)
    )
