"""`dermai-train`: train an image classifier, log it, evaluate it, print the run directory."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dermai_report import __version__, registry
from dermai_report.cli import subcommands
from dermai_report.cli.outcome import finish
from dermai_report.datasets.in_use import reading
from dermai_report.errors import DermaiError
from dermai_report.remote.addresses import local_or_address
from dermai_report.run import Parent
from dermai_report.storage.experiment_files import is_experiment
from dermai_report.train import options, process
from dermai_report.train.applying import apply, read_report, split_wish
from dermai_report.train.config import TrainConfig

COMMANDS = "train.commands"
DESCRIPTION = """\
Fine-tune an image classifier and write a run directory that dermai-report reads.

  dermai-train --data photos                   DIR/{train,val,test}/<class>/* or DIR/<class>/*
  dermai-train --data digits --weights none --unfreeze full --epochs 6
  dermai-train --apply report/RUN/report.json:dropout
  dermai-train cv --data photos --folds 5      a cross-validation (dermai-train cv --help)
  dermai-train try report/RUN/report.json      what each recommendation is worth (dermai-train try --help)
  dermai-train search --data photos --over lr  the best continuous values (dermai-train search --help)
"""


@dataclass(frozen=True)
class Call:
    """What was asked for: a configuration, and the run to resume or the run that it was made from."""

    config: TrainConfig
    resume: Path | str | None = None
    parent: Parent | None = None
    said: tuple[str, ...] = ()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status: 0 done, 2 wrong input or call, 128 + signal when interrupted."""
    return finish(_run, arguments, "dermai-train")


def _run(arguments: Sequence[str]) -> int:
    words = list(arguments)
    if words and words[0] in registry.names(COMMANDS):
        return _command(words)
    given = options.parse(build_parser(), words)
    resumed = _resumed(given)
    if isinstance(resumed, Path) and is_experiment(resumed):
        return _carry_on(resumed)
    call = Call(resumable(resumed), resume=resumed) if resumed else asked(given)
    return _train(call, shlex.join(["dermai-train", *words]))


def _command(words: list[str]) -> int:
    """A subcommand, with a parser of its own."""
    command, parser = subcommands.chosen(COMMANDS, "dermai-train", words[0], argument_default=argparse.SUPPRESS)
    status: int = command.run(options.parse(parser, words[1:]), ["dermai-train", *words])
    return status


def _train(call: Call, command: str) -> int:
    process.prepare()
    try:
        from dermai_report.train.loop import train
        from dermai_report.train.progress import Progress, silent
    except ModuleNotFoundError as error:
        raise DermaiError(
            f"training needs {error.name}, which is not installed", "pip install 'dermai-report[train]'"
        ) from None
    config = call.config
    with Progress() if is_first_process() else silent() as progress, reading(Path(config.data)):
        for line in call.said:
            progress.say(line)
        result = train(config, command, progress, call.resume, call.parent)
    epochs, best = result.history.epochs, result.history.best_epoch
    ended = "interrupted" if result.signal is not None else "finished"
    of = " of the averaged predictions" if max(config.tta, config.ensemble) > 1 else ""
    tested = f"; test accuracy{of} {result.test.accuracy:.2%} of {len(result.test.labels)}" if result.test else ""
    kept = f"best epoch {best} by {config.best_by}{tested}" if best else "no epoch was completed"
    if not is_first_process():
        return 0 if result.signal is None else 128 + result.signal
    print(f"{ended} after {epochs} of {config.epochs} epochs: {kept}", file=sys.stderr)
    print(f"next: dermai-report {shlex.quote(result.address)} --format html", file=sys.stderr)
    print(result.address)
    return 0 if result.signal is None else 128 + result.signal


def is_first_process() -> bool:
    """Of those that torchrun has started; true without it."""
    return os.environ.get("RANK", "0") == "0"


def _resumed(given: dict[str, Any]) -> Path | str | None:
    """The path or address that --resume names. It has its own configuration: raises DermaiError where anything is given beside it."""
    if "resume" not in given:
        return None
    path = local_or_address(given.pop("resume"))
    if given:
        option = "--" + next(iter(given)).replace("_", "-")
        raise DermaiError(f"{option} beside --resume", "a resumed run goes on as it was configured; leave it out")
    return path


def resumable(path: Path | str) -> TrainConfig:
    """The configuration of a run that ended early. Raises DermaiError where there is nothing to resume."""
    from dermai_report.storage.run_places import manifest_of

    manifest = manifest_of(path)
    if manifest.status == "finished":
        raise DermaiError(f"{path} is finished, there is nothing to resume", f"dermai-report {path}")
    return TrainConfig.from_mapping(manifest.config)


def _carry_on(experiment: Path) -> int:
    from dermai_report.train.experiments.outcome import finish
    from dermai_report.train.experiments.stages import carry_out

    return finish(experiment, carry_out(experiment))


def asked(given: dict[str, Any]) -> Call:
    """What the report, the --config file and the options say, the latter ruling."""
    if "apply" not in given:
        return Call(options.chosen(given))
    path, actions = split_wish(given.pop("apply"))
    applied = apply(read_report(path), actions)
    said = (f"takes over: {', '.join(applied.parent.actions)}", *(f"left out: {line}" for line in applied.left_out))
    return Call(options.chosen(given, applied.values), parent=applied.parent, said=said)


def build_parser() -> argparse.ArgumentParser:
    """An option for every key of the configuration, with its meaning, range and default."""
    parser = subcommands.parser_of("dermai-train", DESCRIPTION, argument_default=argparse.SUPPRESS)
    parser.add_argument("--version", action="version", version=f"dermai-report {__version__}")
    parser.add_argument(
        "--resume", metavar="RUN", help="continue a run or an experiment that ended early, to the same end as without the break"
    )
    parser.add_argument(
        "--apply",
        metavar="REPORT.json[:ACTION,…]",
        help="the configuration of the run reported on, with the patches of its recommendations: of these, or of all",
    )
    options.add_options(parser)
    return parser


if __name__ == "__main__":
    sys.exit(main())
