"""`dermai-data`: see what is in a data set, set classes aside, bring them back, split it, audit it."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from types import ModuleType

import dermai_report
from dermai_report import registry
from dermai_report.cli import subcommands
from dermai_report.cli.outcome import finish

COMMANDS = "datasets.commands"


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns the exit status."""
    return finish(_run, arguments)


def _run(arguments: Sequence[str]) -> int:
    if not arguments or arguments[0].startswith("-"):
        overview = _overview()
        overview.parse_args(arguments)
        overview.print_help()
        return 0
    command, parser = subcommands.chosen(COMMANDS, "dermai-data", arguments[0])
    status: int = command.run(parser.parse_args(arguments[1:]))
    return status


def _overview() -> argparse.ArgumentParser:
    lines = [f"  {name:10} {_summary(module)}" for name, module in registry.load_all(COMMANDS)]
    description = "\n".join(["Keep the data set of a training under control.", "", "commands:", *lines])
    parser = subcommands.parser_of("dermai-data", description, usage="dermai-data COMMAND … [--help]")
    parser.add_argument("--version", action="version", version=f"dermai-report {dermai_report.__version__}")
    return parser


def _summary(module: ModuleType) -> str:
    return (module.__doc__ or "").partition("\n")[0]


if __name__ == "__main__":
    raise SystemExit(main())
