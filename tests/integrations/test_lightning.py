"""The adapter for Lightning, with the real framework."""

from __future__ import annotations

from tests.integrations.examples import check_full, run_example

FRAMEWORK = "lightning"


def test_example() -> None:
    run, names = run_example("Lightning")
    check_full(run, names)
