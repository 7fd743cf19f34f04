"""The adapter for scikit-learn, with the real framework."""

from __future__ import annotations

from tests.integrations.examples import check_full, run_example

FRAMEWORK = "sklearn"


def test_example() -> None:
    run, names = run_example("scikit-learn")
    check_full(run, names)
