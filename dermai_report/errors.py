"""The one family of errors a user meets: what happened, where, and what to do."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

CONTROL = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]"
)  # in a name of a file: it would steer the terminal


class DermaiError(Exception):
    """Bad input or a call that cannot be carried out; the commands print it and exit with status 2.

    `message` says what happened and where (file and line where there is one); `hint` says what to do.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        whole = f"{self.message}\n  {self.hint}" if self.hint else self.message
        return CONTROL.sub(lambda found: repr(found[0])[1:-1], whole)


def unknown_name(kind: str, name: str, known: Iterable[str], where: str = "") -> DermaiError:
    """The error for a name that is not in `known`, with the nearest one as the hint. where: what follows, such as " in log.csv"."""
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(names) or 'none'}"
    return DermaiError(f"no {kind} {name!r}{where}", hint)
