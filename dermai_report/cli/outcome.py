"""How every command ends: status 0, 1 or 2, messages on stderr, never a traceback for bad input."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Sequence

from dermai_report.errors import DermaiError


def finish(command: Callable[[Sequence[str]], int], arguments: Sequence[str] | None = None, says: str = "error") -> int:
    """Run a command and turn what a user can mend into a message and status 2. says: the first word of the message."""
    set_output()
    try:
        status = command(sys.argv[1:] if arguments is None else arguments)
        sys.stdout.flush()
    except DermaiError as error:
        print("\n".join([f"{says}: {error}", *getattr(error, "__notes__", ())]), file=sys.stderr)
        return 2
    except BrokenPipeError:  # the reader of our output left (head): not our error
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:  # the disk behind standard output is full, a folder may not be looked into
        print(f"{says}: {error.filename or 'standard output'}: {error.strerror or error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    return status


def set_output(encoding: str | None = None) -> None:
    """Print a mark for a character that the encoding of standard output lacks; `encoding` changes that."""
    if isinstance(sys.stdout, io.TextIOWrapper):  # a stand-in takes any text
        sys.stdout.reconfigure(encoding=encoding, errors="replace")
