"""Several runs where one is wanted: the user's choice, or an error that lists them."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import TypeVar

from dermai_report.errors import DermaiError
from dermai_report.sources._log import Log

MOST_LISTED = 12
T = TypeVar("T")


def one_of(log: Log, runs: Mapping[str, T], what: str = "runs") -> T:
    """The only one of `runs` by name ("id (further words)"); else the one that `--run` names, whole or by a part no other has.

    Raises DermaiError that lists them where none was chosen, or where the choice names none or several.
    """
    if len(runs) == 1:
        return next(iter(runs.values()))
    if log.run is not None:
        wanted = log.run.strip("/")
        named = [name for name in runs if wanted in (name, name.split(" (")[0])] or [
            name for name in runs if wanted and wanted in name
        ]
        if len(named) == 1:
            log.notes.append(f"{log.name} holds {len(runs)} {what}; this is {named[0]}.")
            return runs[named[0]]
    listed = ", ".join(list(runs)[:MOST_LISTED]) + (f", and {len(runs) - MOST_LISTED} more" if len(runs) > MOST_LISTED else "")
    wrong = "" if log.run is None else f", and none of them alone is called {log.run!r}"
    first = next(iter(runs)).split(" (")[0]
    raise DermaiError(f"{log.path} holds {len(runs)} {what}{wrong}: {listed}", f"choose one: --run {shlex.quote(first)}")
