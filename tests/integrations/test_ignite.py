"""The adapter for Ignite, with the real framework."""

from __future__ import annotations

from pathlib import Path

import pytest

from dermai_report import DermaiError, RunWriter, read_run
from tests.integrations.examples import check_full, run_example

FRAMEWORK = "ignite"


def test_example() -> None:
    run, names = run_example("Ignite")
    check_full(run, names)


def test_an_epoch_without_validation_is_logged_and_one_within_an_epoch_is_not(tmp_path: Path) -> None:
    import torch
    from ignite.engine import Engine, Events

    from dermai_report.integrations.ignite import RunHandler

    batch = (torch.eye(2), torch.tensor([0, 1]))
    model = torch.nn.Linear(2, 2)
    trainer, validator = (Engine(lambda engine, batch: (model(batch[0]), batch[1])) for _ in range(2))
    with RunWriter(tmp_path, classes=["a", "b"]) as run:
        RunHandler(run, model).attach(trainer, val=validator)
        trainer.add_event_handler(Events.ITERATION_COMPLETED(every=2), lambda: validator.run([batch]))
        trainer.run([batch] * 3, max_epochs=2)
    first, second = read_run(run.path).epochs
    assert first.train and not first.val  # the validation came after the second of its three batches
    assert second.val["loss"] == pytest.approx(second.train["loss"], rel=1e-6)


def test_an_output_that_is_no_pair(tmp_path: Path) -> None:
    import torch
    from ignite.engine import Engine

    from dermai_report.integrations.ignite import RunHandler

    trainer = Engine(lambda engine, batch: 0.5)
    with RunWriter(tmp_path, classes=["a", "b"]) as run:
        RunHandler(run, torch.nn.Linear(2, 2)).attach(trainer)
        with pytest.raises(DermaiError, match="output is float"):
            trainer.run([1], max_epochs=1)
