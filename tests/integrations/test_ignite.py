"""The adapter for Ignite, with the real framework."""

from __future__ import annotations

from tests.integrations.examples import check_full, run_example

FRAMEWORK = "ignite"


def test_example() -> None:
    run, names = run_example("Ignite")
    check_full(run, names)
