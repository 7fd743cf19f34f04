"""Subcommands: a file in a folder is one, and the first word chooses a whole parser of its own.

Nested parsers of argparse lose the `--` that lets a class be called `-rash`, and would have every command imported to run one.
"""

from __future__ import annotations

import argparse
import inspect
from types import ModuleType
from typing import Any

from dermai_report import registry
from dermai_report.errors import unknown_name


def chosen(folder: str, program: str, name: str, **settings: Any) -> tuple[ModuleType, argparse.ArgumentParser]:
    """The command `name` of a program, and its parser. Raises DermaiError with the nearest one where there is none."""
    known = registry.names(folder)
    if name not in known:
        raise unknown_name("command", name, known, f" of {program}")
    command = registry.load(folder, name, "command")
    parser = parser_of(f"{program} {name}", inspect.cleandoc(command.__doc__ or ""), **settings)
    command.add_options(parser)
    return command, parser


def parser_of(program: str, description: str, **settings: Any) -> argparse.ArgumentParser:
    """A parser that takes whole options alone, and prints its description as it is written."""
    return argparse.ArgumentParser(
        prog=program,
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
        **settings,
    )
