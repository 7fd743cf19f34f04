"""The options that ask for a gate, and its answer on stderr: a line, the grounds that decided it, and the exit status."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

from dermai_report.errors import DermaiError

if TYPE_CHECKING:
    from dermai_report.report import Gate

MOST = 10  # grounds that are listed


def add_options(parser: argparse.ArgumentParser) -> None:
    """--fail-on, --require, --strict and --min-confidence."""
    group = parser.add_argument_group("gate: what makes the exit status 1")
    group.add_argument("--fail-on", metavar="WHAT", help="error, warning (and worse), or rules, with commas")
    group.add_argument(
        "--require",
        metavar="TEXT",
        action="append",
        help='such as "test.accuracy >= 0.85", decided by the 95 %% interval; may be given several times',
    )
    group.add_argument(
        "--strict", action=argparse.BooleanOptionalAction, default=None, help='whether "cannot tell" fails too (default: no)'
    )
    group.add_argument(
        "--min-confidence",
        metavar="P",
        type=float,
        help="a finding less sure than this is one that cannot be told (default: 0.6)",
    )


def asked(options: argparse.Namespace) -> dict[str, Any]:
    """What the options say, by the keys of the settings; None where they say nothing."""
    if options.fail_on == "":
        raise DermaiError("--fail-on names nothing", "name error, warning, or rules")
    return {
        "fail-on": [word.strip() for word in options.fail_on.split(",")] if options.fail_on else None,
        "require": options.require,
        "strict": options.strict,
        "min-confidence": options.min_confidence,
    }


def status(gate: Gate | None) -> int:
    """Say the answer on stderr; 0 where the pipeline goes on, 1 where not."""
    if gate is None:
        return 0
    from dermai_report import formatting as fmt

    deciding = gate.deciding() if gate.outcome != "pass" else []
    print(f"gate: {fmt.gate(gate)}", file=sys.stderr)
    for ground in deciding[:MOST]:
        print(f"  {fmt.shorten(fmt.ground(ground), 240)}", file=sys.stderr)
    if len(deciding) > MOST:
        print(f"  and {len(deciding) - MOST} more, which report.json lists", file=sys.stderr)
    return 0 if gate.passed else 1
