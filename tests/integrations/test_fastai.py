"""The adapter for fastai, with the real framework."""

from __future__ import annotations

from tests.integrations.examples import check_full, run_example

FRAMEWORK = "fastai"


def test_example() -> None:
    run, names = run_example("fastai")
    check_full(run, names)
