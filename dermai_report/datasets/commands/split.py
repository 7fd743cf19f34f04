"""Split a data set once, by a seed, and write down which image is where.

  dermai-data split photos --group-regex '(patient[0-9]+)_' --out photos/split.csv
  dermai-train --data photos/split.csv

Classes keep their shares. Where a group is known (a patient, a lesion, a source image), all of its images go to one split. Splits that
are there already (DIR/train, DIR/test, or a column) stay as they are, and groups on both sides of them are told of; --anew divides all
images, whatever split they are in. Only the table is written, no image is moved: without the table the old splits count again. It
has a row an image (path, label, split, group, and the further columns of --metadata), and fixes the split for every later run.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from dermai_report.errors import DermaiError

if TYPE_CHECKING:
    from dermai_report.datasets.items import Collection, Item


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("data", metavar="DATA", help="folder of images, or a table of them with the columns path and label")
    parser.add_argument(
        "--out",
        "--output",
        "-o",
        metavar="FILE",
        type=Path,
        help="the table to write, .csv (default: split.csv beside the images)",
    )
    parser.add_argument("--val-fraction", metavar="PART", type=float, default=0.15, help="part held out for validation (0.15)")
    parser.add_argument("--test-fraction", metavar="PART", type=float, default=0.15, help="part held out for the test (0.15)")
    parser.add_argument("--seed", type=int, default=0, help="seed of the split (0)")
    parser.add_argument(
        "--metadata", metavar="FILE", default="", help="table with a row an image: path, group, further columns"
    )
    parser.add_argument("--group-column", metavar="NAME", default="", help="column that says what belongs together")
    parser.add_argument("--group-regex", metavar="REGEX", default="", help="finds in a path what belongs together")
    parser.add_argument("--split-duplicates-together", action="store_true", help="copies of an image belong together")
    parser.add_argument("--anew", action="store_true", help="divide all images, those of splits that are there too")
    parser.add_argument("--force", action="store_true", help="write over a table that exists")


def run(options: argparse.Namespace) -> int:
    """Write the table; print what each split has."""
    from dermai_report.datasets.in_use import reading
    from dermai_report.datasets.opening import Wish, open_data
    from dermai_report.datasets.splitting import hold_out

    fractions = {"val": options.val_fraction, "test": options.test_fraction}
    if not all(0 <= part < 1 for part in fractions.values()) or sum(fractions.values()) >= 1:
        raise DermaiError(
            f"val {options.val_fraction:g} and test {options.test_fraction:g} are no parts of a whole", "such as 0.15"
        )
    with reading(Path(options.data)):
        collection = open_data(
            Wish(
                options.data,
                metadata=options.metadata,
                group_column=options.group_column,
                group_regex=options.group_regex,
                duplicates_together=options.split_duplicates_together,
            )
        )
        if collection.home is None:
            raise DermaiError(f"{options.data} holds no files that a table could name", "dermai-train splits it by --seed")
        out = options.out or collection.home / "split.csv"
        _check_out(out, options.force)
        together = [replace(item, split="train") for item in collection.items] if options.anew else collection.items
        items = hold_out(together, fractions, options.seed)
        _write(out, collection, items)
    _print(items)
    if options.anew:
        _say_changed(collection.items, items)
    else:
        _say_straddling(items)
    print(out)
    return 0


def _check_out(out: Path, force: bool) -> None:
    if out.suffix.lower() != ".csv":
        raise DermaiError(f"{out} does not end in .csv", "the table is written as CSV")
    if out.exists() and not force:
        raise DermaiError(f"{out} exists, and may be what runs were split by", "choose another --out, or --force")


def _write(out: Path, collection: Collection, items: Sequence[Item]) -> None:
    from dermai_report.datasets.tables import write_csv

    home, folder = (collection.home or Path()).resolve(), out.resolve().parent
    paths = [home / item.sample for item in items]
    columns = {
        "path": [(p.relative_to(folder) if p.is_relative_to(folder) else p).as_posix() for p in paths],
        "label": [item.label for item in items],
        "split": [item.split for item in items],
    }
    if any(item.group is not None for item in items):
        columns["group"] = [item.group or "" for item in items]
    for n, name in enumerate(collection.columns):
        columns[name] = [item.extra[n] for item in items]
    write_csv(out, columns)


def _say_changed(before: Sequence[Item], now: Sequence[Item]) -> None:
    """Tell that images changed sides: a model that was trained on the old split has seen images of the new test set."""
    from dermai_report import wording

    trained = {item.sample for item in before if item.split == "train"}
    seen = sum(item.split == "test" and item.sample in trained for item in now)
    if any(item.split != "train" for item in before) and seen:
        print(
            f"note: {wording.plural(seen, 'test image')} of this split stood in train before: models trained on the old split are "
            "not to be tested on this one",
            file=sys.stderr,
        )


def _say_straddling(items: Sequence[Item]) -> None:
    """Warn of groups on both sides: splits that were there are kept, and only what is left in train is divided."""
    from dermai_report import wording
    from dermai_report.datasets.commands._table import shown
    from dermai_report.datasets.grouping import straddling

    for splits, groups in straddling(items).items():
        sides = splits.replace("-", " and in ")
        print(
            f"warning: {wording.plural(len(groups), 'group')} in {sides}, such as {shown(groups[0])}: splits that are there "
            "are kept; --anew divides all images, whole groups",
            file=sys.stderr,
        )


def _print(items: Sequence[Item]) -> None:
    from dermai_report.datasets.commands._table import lines
    from dermai_report.datasets.items import count

    counts = count(items)
    rows = [(label, {s: c.get(label, 0) for s, c in counts.items()}, "") for label in sorted({item.label for item in items})]
    rows.append(("all", {split: sum(of_split.values()) for split, of_split in counts.items()}, ""))
    if any(item.group is not None for item in items):
        groups = {split: len({i.group or i.sample for i in items if i.split == split}) for split in counts}
        rows.append(("groups", groups, ""))
    print("\n".join(lines(rows)))
