"""What is wrong with the images: copies across splits, broken files, straddling groups, images that show little.

dermai-data audit photos
dermai-data audit photos --group-regex '(patient[0-9]+)' --predictions runs/latest --format html -o audit/

Writes audit.json into the folder that -o names (put it into a run directory, and the report of the run quotes it), beside what
--format asks for. Where -o names a file, or - for standard output, only that is written. Images are read and never changed.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("data", metavar="DIR", help="the data set, in any form that dermai-train takes")
    parser.add_argument(
        "--metadata", metavar="FILE", default="", help="table with a row an image: path, group, further columns"
    )
    parser.add_argument("--group-column", metavar="NAME", default="", help="column that says what belongs together (patient)")
    parser.add_argument("--group-regex", metavar="REGEX", default="", help="finds in a path what belongs together")
    parser.add_argument("--predictions", metavar="RUN", help="a run whose predictions the labels are held against")
    parser.add_argument(
        "--format",
        "-f",
        metavar="FORMAT",
        help="terminal, html, md or json, with commas (default: the ending of the output file, or terminal)",
    )
    parser.add_argument(
        "--output",
        "-o",
        metavar="PATH",
        help="a folder for audit.json and the pages, a file, or - for standard output (default: audit/<name of the data set>)",
    )
    parser.add_argument(
        "--gallery", action="store_true", help="small pictures in the page: for your eyes, not for a public place"
    )
    parser.add_argument("--workers", metavar="N", type=int, default=0, help="processes that decode (default: one a processor)")


def run(options: argparse.Namespace) -> int:
    """Look, write, and print what stands out."""
    from dermai_report import registry
    from dermai_report.datasets.audit import assemble, inspect
    from dermai_report.datasets.audit.formats import FOLDER, render
    from dermai_report.datasets.audit.gallery import gallery
    from dermai_report.datasets.audit.suspicion import suspicion
    from dermai_report.datasets.in_use import reading
    from dermai_report.datasets.opening import Wish, open_data
    from dermai_report.files import write_atomically
    from dermai_report.output_path import is_folder
    from dermai_report.sources import read_run
    from dermai_report.storage.audit_files import AUDIT, write_audit

    formats = {name: registry.load(FOLDER, name, "format") for name in _formats(options.format, options.output)}
    wish = Wish(options.data, metadata=options.metadata, group_column=options.group_column, group_regex=options.group_regex)
    folder = Path(options.output or Path("audit") / (Path(options.data).resolve().name or "data"))
    with reading(Path(options.data)):
        collection = open_data(wish, progress)
        labels = suspicion(collection.items, read_run(options.predictions)) if options.predictions else None
        facts, duplicates = inspect(collection, progress, options.workers or os.cpu_count() or 1)
        audit = assemble(collection.source, facts, duplicates, labels)
        shown = gallery(collection, audit) if options.gallery and "html" in formats else {}
    if options.output is not None and not is_folder(options.output):
        text = render(audit, next(iter(formats)), shown)
        if options.output == "-":
            sys.stdout.write(text)
        else:
            write_atomically(folder, text)
            print(folder)
        return 0
    write_audit(folder / AUDIT, audit)
    for name, module in formats.items():
        if module.SUFFIX is None:
            sys.stdout.write(render(audit, name))
        elif name != "json":
            write_atomically(folder / f"audit{module.SUFFIX}", render(audit, name, shown))
            print(folder / f"audit{module.SUFFIX}")
    print(folder / AUDIT)
    return 0


def _formats(wanted: str | None, output: str | None) -> list[str]:
    """The formats asked for, or that of the output file's ending; raises DermaiError where they do not fit the output."""
    from dermai_report.errors import DermaiError
    from dermai_report.output_path import is_folder

    one_file = output is not None and not is_folder(output)
    if wanted is None:
        ending = Path(output).suffix[1:].lower() if output is not None and one_file else ""
        return [ending or "terminal"]
    names = list(dict.fromkeys(name.strip() for name in wanted.split(",")))
    if one_file and len(names) > 1:
        raise DermaiError(f"one output, {output}, for {len(names)} formats", "name a folder, or one format")
    return names


def progress(title: str, total: int) -> Callable[[], None]:
    """A line on a terminal that counts; nothing elsewhere."""
    done = 0

    def advance() -> None:
        nonlocal done
        done += 1
        if sys.stderr.isatty() and (done % 100 == 0 or done == total):
            end = "\n" if done == total else ""
            print(f"\r{title}: {done:,} of {total:,}", end=end, file=sys.stderr, flush=True)

    return advance
