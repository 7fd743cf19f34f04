"""The adapter for Keras, with the real framework."""

from __future__ import annotations

from tests.integrations.examples import check_full, run_example

FRAMEWORK = "keras"


def test_example() -> None:
    run, names = run_example("Keras")
    check_full(run, names)
