"""dermai-report: an honest report on a training run."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dermai_report import registry
from dermai_report.cli import gate, options
from dermai_report.cli.outcome import finish
from dermai_report.cli.output import REPORTS, folder_name, folder_of, write
from dermai_report.remote.addresses import local_or_address

if TYPE_CHECKING:
    from dermai_report.report import Report, Shown
    from dermai_report.run import Run
    from dermai_report.settings import Settings

REFRESH = 5  # seconds after which a browser loads the page of a live run again


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns the exit status."""
    # A report multiplies no large matrices: starting a thread a core for them is half of what importing numpy costs.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    return finish(_run, arguments)


def _run(arguments: Sequence[str]) -> int:
    if arguments and arguments[0] == "explain":
        return _explain(arguments[1:])
    called = options.parser().parse_args(arguments)
    formats = options.formats(called.format, called.output)
    of_formats = options.of_formats(called, formats)
    if formats == [options.RUN]:
        return _export(called)
    if called.watch:
        return _watch(called, formats, of_formats)
    document, from_run = _document(called)
    of_formats |= from_run
    write(document, formats, called.output, called.images, of_formats)
    return gate.status(getattr(document, "gate", None))


def _watch(called: argparse.Namespace, formats: list[str], of_formats: dict[str, Any]) -> int:
    from dermai_report.cli.watch import watch
    from dermai_report.diagnosis import diagnose

    if len(called.runs) > 1:
        options.refuse_of_one(called, "more than one")
    settings = _settings(called)
    shown: list[Report] = []

    def show(report: Report, live: bool) -> None:
        refresh = {"refresh": REFRESH} if live else {}
        write(report, formats, called.output, called.images, of_formats | refresh, again=bool(shown))
        shown.append(report)

    report = watch(called.runs[0], lambda path: diagnose(_read(called, path), settings), show)
    return gate.status(report.gate)


def _settings(called: argparse.Namespace) -> Settings:
    from dermai_report.settings import read_settings

    return read_settings(called.config, options.words(called.select), options.words(called.ignore), gate=gate.asked(called))


def _document(called: argparse.Namespace) -> tuple[Shown, dict[str, Any]]:
    """What is to be shown: a report on one run, a comparison, what an experiment shows, or an index; and options that come from the run."""
    from dermai_report.storage.experiment_files import experiments_in, is_experiment

    settings = _settings(called)
    if len(called.runs) > 1:
        from dermai_report.comparison import compare

        options.refuse_of_one(called, "more than one")
        options.refuse_twice(called.runs)
        options.refuse_experiments(called.runs)
        baseline, *runs = [_read(called, run) for run in called.runs]
        return compare(baseline, runs, settings), {}
    folder = local_or_address(called.runs[0])
    if isinstance(folder, Path) and is_experiment(folder):
        from dermai_report.experiment import judge

        options.refuse_of_one(called, "an experiment")
        return judge(folder), {}
    if called.source is None and called.which is None:
        from dermai_report.sources import runs_in

        inside, experiments = runs_in(folder), [] if isinstance(folder, str) else experiments_in(folder)
        if inside or experiments:
            from dermai_report.index import survey

            options.refuse_of_one(called, "a folder of them")
            return survey(folder, inside, REPORTS, folder_of(called.output), experiments), {}
    from dermai_report.diagnosis import diagnose

    run = _read(called, called.runs[0])
    report = diagnose(run, settings)
    if not called.gallery:
        return report, {}
    from dermai_report.gallery import gallery

    return report, {"gallery": gallery(run, called.gallery, called.gallery_from)}


def _read(called: argparse.Namespace, path: str) -> Run:
    """The run at that path, with the predictions that were given apart."""
    from dermai_report.sources import read_run

    of_log, of_predictions = options.columns(called.column)
    run = read_run(path, called.source, called.which, of_log)
    for split, file in options.predictions(called.predictions):
        from dermai_report.results import add_results

        run = add_results(run, file, split, of_predictions)
    return run


def _export(called: argparse.Namespace) -> int:
    from dermai_report.storage.run_export import write_run

    if len(called.runs) > 1:
        options.refuse_of_one(called, "more than one")
    run = _read(called, called.runs[0])
    print(write_run(run, called.output or Path("runs") / folder_name(run.id, run.path)))
    return 0


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
