"""The adapter for PyTorch, with the real framework."""

from __future__ import annotations

from tests.integrations.examples import check_full, run_example

FRAMEWORK = "torch"


def test_example() -> None:
    run, names = run_example("PyTorch")
    check_full(run, names)
