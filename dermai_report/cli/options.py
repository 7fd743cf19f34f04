"""The options of dermai-report: what they are called, and what makes a call wrong before anything is read."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import dermai_report
from dermai_report import registry
from dermai_report.cli import gate
from dermai_report.errors import DermaiError
from dermai_report.output_path import is_folder
from dermai_report.storage.experiment_files import is_experiment

RUN = "run"  # made of the run, where all others are made of its report
LEAST_CHARS = 4_000  # the longest verdict that is shown, and the names of what was left out
PREDICTION_COLUMNS = ("label", "predicted", "sample", "group")

EPILOG = """\
Without --format the verdict is printed to the terminal and nothing is written.
`dermai-report explain [RULE]` tells what a rule checks, why it matters and when it is wrong.

exit status: 0 fine, or nothing that --fail-on or --require ask about fails; 1 something does, or with --strict cannot be told;
2 the input or the call is wrong (the message says what, where and what to do).
"""


def parser() -> argparse.ArgumentParser:
    """Every option with its help."""
    known = ", ".join(registry.names("renderers"))
    made = argparse.ArgumentParser(
        prog="dermai-report",
        description="Best epoch, overfitting, train-validation gap, the drop to the test set, and what to do next: an honest "
        "report on a training run, every number with its interval. Several runs are compared, a folder of runs is listed.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument(
        "runs",
        metavar="RUN",
        type=_named,
        nargs="+",
        help="a run directory, such as runs/latest, or any log of a training; several are compared with the first, a folder of them is "
        "listed",
    )
    made.add_argument("--format", "-f", help=f"output format, or several with commas: {known}; or run: the run directory")
    made.add_argument(
        "--output",
        "-o",
        metavar="PATH",
        help="a file, a folder, or - for standard output (default: report/<run>/, of a list report/; of --format run: runs/<run>)",
    )
    made.add_argument(
        "--watch",
        action="store_true",
        help="report again as epochs arrive, until the run ends or Ctrl-C; the page reloads itself",
    )
    made.add_argument(
        "--images", action="store_true", help="with md: draw the charts as PNG files beside it, instead of as Mermaid"
    )
    made.add_argument(
        "--gallery",
        metavar="N",
        type=int,
        help="with html: show up to N misclassified test images, the surest errors first; the page then holds pictures of the data",
    )
    made.add_argument(
        "--gallery-from",
        metavar="DIR",
        help="where these images lie, if not where the run says: the samples' names are paths below it",
    )
    made.add_argument("--source", help=f"log format of RUN, where it is not recognised: {', '.join(registry.names('sources'))}")
    made.add_argument("--run", dest="which", metavar="NAME", help="which run of RUN, where it holds several")
    made.add_argument(
        "--column",
        metavar="METRIC=NAME",
        action="append",
        help="the column of a log that holds a metric, where its name does not tell: val_loss=NAME (as often as needed)",
    )
    made.add_argument(
        "--predictions",
        metavar="[SPLIT=]FILE",
        action="append",
        help="what the model made of the test set (or val=FILE of validation): a table or NPZ of labels and predictions, a "
        "confusion matrix, or a classification report",
    )
    made.add_argument("--select", metavar="RULES", help="check only these rules (with commas)")
    made.add_argument("--ignore", metavar="RULES", help="leave these rules out (with commas)")
    made.add_argument(
        "--config",
        metavar="FILE",
        type=Path,
        help="TOML file with select, ignore and thresholds (default: pyproject.toml here)",
    )
    made.add_argument(
        "--max-chars", metavar="N", type=int, help="of Markdown: leave out whole sections from the end (default: 60000)"
    )
    made.add_argument(
        "--key", metavar="KEY", help="of Markdown: goes into its hidden first line, by which CI finds its comment"
    )
    gate.add_options(made)
    made.add_argument("--version", action="version", version=f"dermai-report {dermai_report.__version__}")
    return made


def _named(run: str) -> str:
    """What was typed; an empty word (a variable of a pipeline that is not set) would be the folder one stands in."""
    if not run.strip():
        raise argparse.ArgumentTypeError("no run is named: the word is empty")
    return run


def columns(chosen: Sequence[str] | None) -> tuple[dict[str, str], dict[str, str]]:
    """The columns chosen by METRIC=NAME: those of the log, and those of files of predictions (label, predicted, sample, group).

    Raises DermaiError where one is neither.
    """
    of_log: dict[str, str] = {}
    of_predictions: dict[str, str] = {}
    for text in chosen or ():
        metric, _, name = text.partition("=")
        if not metric.strip() or not name:
            raise DermaiError(f"--column {text} names no column", "such as --column val_loss=NAME")
        (of_predictions if metric.strip() in PREDICTION_COLUMNS else of_log)[metric.strip()] = name
    return of_log, of_predictions


def predictions(given: Sequence[str] | None) -> list[tuple[str, str]]:
    """The split and the file of each --predictions."""
    found = []
    for text in given or ():
        split, equals, file = text.partition("=")
        found.append((split, file) if equals and split in ("test", "val") else ("test", text))
    return found


def refuse_of_one(called: argparse.Namespace, what: str) -> None:
    """Raise DermaiError for an option that needs a single run, where `what` is given instead."""
    for key in ("fail_on", "require", "strict", "images", "predictions", "watch", "gallery"):
        if getattr(called, key):
            raise DermaiError(f"--{key.replace('_', '-')} is for one run, and {what} is given", "leave it out, or name one run")
    if called.format == RUN:
        raise DermaiError(f"--format run writes one run, and {what} is given", "name one run")


def refuse_experiments(runs: Sequence[str]) -> None:
    """Raise DermaiError where an experiment is to be compared: it holds many runs, and a report on it compares these."""
    for run in runs:
        if is_experiment(Path(run)):
            raise DermaiError(f"{run} is an experiment, and runs are compared", f"dermai-report {run}; or name runs in it")


def refuse_twice(runs: Sequence[str]) -> None:
    """Raise DermaiError where one run is named twice."""
    seen: dict[Path, str] = {}
    for run in runs:
        place = Path(run).resolve()
        if place in seen:
            raise DermaiError(f"{seen[place]} and {run} are one run", "name the baseline first, then other runs")
        seen[place] = run


def words(text: str | None) -> list[str]:
    """The words between the commas."""
    return [word.strip() for word in text.split(",")] if text else []


def formats(wanted: str | None, output: str | None) -> list[str]:
    """The formats asked for; an output file's ending will do, and without either there is the terminal.

    Raises DermaiError for an unknown one, and where they do not fit the output.
    """
    from dermai_report.renderers import format_of, suffix

    if wanted is None:
        if output is not None and is_folder(output):
            raise DermaiError(f"{output} names a folder, and no format is named", f"say which to write there: {_known_files()}")
        return ["terminal"] if output in (None, "-") else [format_of(Path(output))]
    names = list(dict.fromkeys(name.strip() for name in wanted.split(",")))
    if RUN in names:
        if names != [RUN] or output == "-":
            raise DermaiError(
                "--format run writes a directory, not a report", "name no other format and no output but a directory"
            )
        return names
    for name in names:
        registry.load("renderers", name, "output format")
    if len(names) > 1 and output is not None and not is_folder(output):
        raise DermaiError(f"one output, {output}, for {len(names)} formats", "name a folder, or one format")
    if len(names) == 1 and suffix(names[0]) is None and output is not None and is_folder(output):
        raise DermaiError(
            f"{names[0]} is printed, not written into a folder such as {output}",
            f"name a file, such as report.txt, or {_known_files()}",
        )
    return names


def of_formats(options: argparse.Namespace, formats: list[str]) -> dict[str, Any]:
    """The options of formats that were given; raises DermaiError for one that none of the formats has."""
    from dermai_report.renderers import takes

    given = {key: value for key in ("max_chars", "key") if (value := getattr(options, key)) is not None}
    for key in given:
        if formats == [RUN] or not any(takes(name, key) for name in formats):
            raise DermaiError(f"--{key.replace('_', '-')} is of Markdown, and no Markdown is written", "add --format md")
    if "key" in given:
        from dermai_report.renderers import md

        md.marker(given["key"])
    if given.get("max_chars", LEAST_CHARS) < LEAST_CHARS:
        raise DermaiError(f"--max-chars {options.max_chars} has no room for the verdict", f"give it at least {LEAST_CHARS:,}")
    if options.images and ("md" not in formats or options.output == "-"):
        raise DermaiError(
            "--images draws the charts beside a Markdown file, and none is written", "add --format md, without -o -"
        )
    if options.gallery is not None:
        from dermai_report.gallery import MOST

        if not 1 <= options.gallery <= MOST:
            raise DermaiError(f"--gallery {options.gallery} is no number of pictures from 1 to {MOST}")
        if "html" not in formats or options.watch:
            raise DermaiError(
                "--gallery is for a page, and none is written, or one that is watched", "add --format html, without --watch"
            )
    if options.watch and options.output == "-":
        raise DermaiError("--watch writes again and again, which standard output cannot take back", "leave out -o -")
    return given


def _known_files() -> str:
    from dermai_report.renderers import suffix

    written = [name for name in registry.names("renderers") if suffix(name)]
    return f"--format {','.join(written)}, or some of them"
