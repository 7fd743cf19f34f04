"""dermai-report: an honest report on a training run."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dermai_report
from dermai_report import registry
from dermai_report.cli import gate
from dermai_report.cli.outcome import finish, set_output
from dermai_report.errors import DermaiError

if TYPE_CHECKING:
    from dermai_report.report import Report

LEAST_CHARS = 4_000  # the longest verdict that is shown, and the names of what was left out

EPILOG = """\
Without --format the verdict is printed to the terminal and nothing is written.
`dermai-report explain [RULE]` tells what a rule checks, why it matters and when it is wrong.

exit status: 0 fine, or nothing that --fail-on or --require ask about fails; 1 something does, or with --strict cannot be told;
2 the input or the call is wrong (the message says what, where and what to do).
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns the exit status."""
    # A report multiplies no large matrices: starting a thread a core for them is half of what importing numpy costs.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    return finish(_run, arguments)


def _run(arguments: Sequence[str]) -> int:
    if arguments and arguments[0] == "explain":
        return _explain(arguments[1:])
    options = _parser().parse_args(arguments)
    formats = _formats(options.format, options.output)
    wishes = _wishes(options, formats)
    if options.images and ("md" not in formats or options.output == "-"):
        raise DermaiError(
            "--images draws the charts beside a Markdown file, and none is written", "add --format md, without -o -"
        )
    from dermai_report.diagnosis import diagnose
    from dermai_report.renderers import render, save, suffix
    from dermai_report.settings import read_settings
    from dermai_report.sources import read_run

    settings = read_settings(options.config, _words(options.select), _words(options.ignore), gate=gate.asked(options))
    report = diagnose(read_run(options.run, options.source), settings)
    if options.output == "-":
        if formats != ["terminal"]:
            set_output(encoding="utf-8")  # a page says that it is UTF-8, whatever the terminal is
        sys.stdout.write(render(report, formats[0], **wishes))
        return gate.status(report.gate)
    for name in formats or ["terminal"]:
        if name == "terminal" and (options.output is None or _is_folder(options.output)):
            _print_to_terminal(report)
        elif suffix(name) is None and (options.output is None or _is_folder(options.output)):
            sys.stdout.write(render(report, name))
        elif name == "md" and options.images:
            print(_save_with_images(report, _place(options.output, report, name), wishes))
        else:
            print(save(report, _place(options.output, report, name), name, **wishes))
    return gate.status(report.gate)


def _parser() -> argparse.ArgumentParser:
    known = ", ".join(n for n in registry.names("renderers"))
    parser = argparse.ArgumentParser(
        prog="dermai-report",
        description="Best epoch, overfitting, train-validation gap, the drop to the test set, and what to do next: an honest "
        "report on a training run, every number with its interval.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("run", metavar="RUN", help="a run directory, such as runs/latest")
    parser.add_argument("--format", "-f", help=f"output format, or several with commas: {known}")
    parser.add_argument(
        "--output", "-o", metavar="PATH", help="a file, a folder, or - for standard output (default: report/<run>/)"
    )
    parser.add_argument(
        "--images", action="store_true", help="with md: draw the charts as PNG files beside it, instead of as Mermaid"
    )
    parser.add_argument(
        "--source", help=f"log format of RUN, where it is not recognised: {', '.join(registry.names('sources'))}"
    )
    parser.add_argument("--select", metavar="RULES", help="check only these rules (with commas)")
    parser.add_argument("--ignore", metavar="RULES", help="leave these rules out (with commas)")
    parser.add_argument(
        "--config",
        metavar="FILE",
        type=Path,
        help="TOML file with select, ignore and thresholds (default: pyproject.toml here)",
    )
    parser.add_argument(
        "--max-chars", metavar="N", type=int, help="of Markdown: leave out whole sections from the end (default: 60000)"
    )
    parser.add_argument(
        "--key", metavar="KEY", help="of Markdown: goes into its hidden first line, by which CI finds its comment"
    )
    gate.add_options(parser)
    parser.add_argument("--version", action="version", version=f"dermai-report {dermai_report.__version__}")
    return parser


def _wishes(options: argparse.Namespace, formats: list[str]) -> dict[str, Any]:
    """The options of formats that were given; one that none of the formats has is an error."""
    from dermai_report.renderers import takes

    wishes = {key: value for key in ("max_chars", "key") if (value := getattr(options, key)) is not None}
    for key in wishes:
        if not any(takes(name, key) for name in formats):
            raise DermaiError(f"--{key.replace('_', '-')} is of Markdown, and no Markdown is written", "add --format md")
    if "key" in wishes:
        from dermai_report.renderers import md

        md.marker(wishes["key"])
    if wishes.get("max_chars", LEAST_CHARS) < LEAST_CHARS:
        raise DermaiError(f"--max-chars {options.max_chars} has no room for the verdict", f"give it at least {LEAST_CHARS:,}")
    return wishes


def _words(text: str | None) -> list[str]:
    return [word.strip() for word in text.split(",")] if text else []


def _formats(wanted: str | None, output: str | None) -> list[str]:
    """The formats asked for; an output file's ending will do. Unknown ones are an error before anything is read."""
    from dermai_report.renderers import format_of, suffix

    if wanted is None:
        if output == "-":
            return ["terminal"]
        if output is not None and _is_folder(output):
            raise DermaiError(f"{output} names a folder, and no format is named", f"say which to write there: {_known_files()}")
        return [] if output is None else [format_of(Path(output))]
    names = list(dict.fromkeys(name.strip() for name in wanted.split(",")))
    for name in names:
        registry.load("renderers", name, "output format")
    if len(names) > 1 and output is not None and not _is_folder(output):
        raise DermaiError(f"one output, {output}, for {len(names)} formats", "name a folder, or one format")
    if len(names) == 1 and suffix(names[0]) is None and output not in (None, "-") and _is_folder(output):
        raise DermaiError(
            f"{names[0]} is printed, not written into a folder such as {output}",
            f"name a file, such as report.txt, or {_known_files()}",
        )
    return names


def _is_folder(output: str) -> bool:
    """Whether the output names a folder: one that is there, or a name with a slash at its end or without an ending."""
    return output != "-" and (output.endswith(("/", os.sep)) or Path(output).is_dir() or not Path(output).suffix)


def _known_files() -> str:
    from dermai_report.renderers import suffix

    written = [name for name in registry.names("renderers") if suffix(name)]
    return f"--format {','.join(written)}, or some of them"


def _place(output: str | None, report: Report, name: str) -> Path:
    """The file to write: report/<run>/report.<suffix> unless `output` names a folder or a file."""
    from dermai_report.renderers import suffix

    if output is not None and not _is_folder(output):
        return Path(output)
    folder = Path("report") / _folder_name(report) if output is None else Path(output)
    return folder / f"report{suffix(name)}"


def _save_with_images(report: Report, place: Path, wishes: Mapping[str, Any]) -> Path:
    from dermai_report.renderers import md, save

    return save(report, place, "md", images=md.save_images(report, place.parent, place.stem), **wishes)


def _folder_name(report: Report) -> str:
    """The run's id where it can be the name of a folder here, and not of one elsewhere; else the name of its directory."""
    for name in (report.run.id, Path(report.run.path).resolve().name):
        if re.fullmatch(r"[^/\\:\x00-\x1f\x7f]+", name) and name.strip(". ") and len(name.encode("utf-8", "replace")) <= 200:
            return name
    return "run"


def _print_to_terminal(report: Report) -> None:
    import shutil

    from dermai_report.renderers import terminal

    width = shutil.get_terminal_size((100, 24)).columns
    sys.stdout.write(terminal.render(report, width=width, color=sys.stdout.isatty()))


def _explain(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="dermai-report explain", description="What a rule checks, and when it is wrong.")
    parser.add_argument("rule", metavar="RULE", nargs="?", help="a rule's name; without it, all of them with a line each")
    rule = parser.parse_args(arguments).rule
    from dermai_report.diagnosis import rule_text

    if rule is None:
        for name, module in registry.load_all("rules"):
            print(f"{name:26} {rule_text(name, module).title}")
        return 0
    text = rule_text(rule, registry.load("rules", rule, "rule"))
    print(f"{text.rule}: {text.title}\n\n{text.text}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
