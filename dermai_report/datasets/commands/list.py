"""What is in a data set: images per class and split.

dermai-data list --data photos
"""

from __future__ import annotations

import argparse
from pathlib import Path


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("--data", metavar="DIR", type=Path, required=True, help="the data set, a folder of images")


def run(options: argparse.Namespace) -> int:
    """Print a line a class."""
    from dermai_report.datasets.collections.folder import open_collection
    from dermai_report.datasets.items import count

    counts = count(open_collection(str(options.data)).items)
    labels = sorted({label for of_split in counts.values() for label in of_split})
    width = max(len("class"), *map(len, labels))
    print("  ".join([f"{'class':{width}}", *(f"{split:>7}" for split in counts)]))
    for label in labels:
        print("  ".join([f"{label:{width}}", *(f"{of_split.get(label, 0):7}" for of_split in counts.values())]))
    return 0
