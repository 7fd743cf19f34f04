"""The adapter for Hugging Face, with the real framework."""

from __future__ import annotations

from tests.integrations.examples import check_full, run_example

FRAMEWORK = "transformers"


def test_example() -> None:
    run, names = run_example("Hugging Face")
    check_full(run, names)
