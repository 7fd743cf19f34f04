"""dermai-report: an honest report on a training run."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

from dermai_report import registry
from dermai_report.cli import gate, options
from dermai_report.cli.outcome import finish
from dermai_report.cli.output import folder_name, write


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
    from dermai_report.diagnosis import diagnose
    from dermai_report.settings import read_settings
    from dermai_report.sources import read_run

    settings = read_settings(called.config, options.words(called.select), options.words(called.ignore), gate=gate.asked(called))
    of_log, of_predictions = options.columns(called.column)
    run = read_run(called.run, called.source, called.which, of_log)
    for split, file in options.predictions(called.predictions):
        from dermai_report.results import add_results

        run = add_results(run, file, split, of_predictions)
    report = diagnose(run, settings)
    if formats == [options.RUN]:
        from dermai_report.run_export import write_run

        print(write_run(run, called.output or Path("runs") / folder_name(run.id, run.path)))
    else:
        write(report, formats, called.output, called.images, of_formats)
    return gate.status(report.gate)


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
