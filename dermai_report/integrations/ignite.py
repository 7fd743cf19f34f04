"""PyTorch Ignite: a handler on the engines of training, validation and test.

    RunHandler(run, model, optimizer).attach(trainer, val=evaluator, test=tester)

The engines' output is (outputs, labels): a supervised trainer gives it with
output_transform=lambda x, y, outputs, loss: (outputs, y), a supervised evaluator as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dermai_report.errors import DermaiError
from dermai_report.integrations._frameworks import needs
from dermai_report.integrations._passes import Pass
from dermai_report.integrations._recorder import Recorder
from dermai_report.storage.run_directory import RunWriter

with needs("ignite", "pytorch-ignite"):
    from ignite.engine import Engine, Events

from dermai_report.integrations.torch import rates, weights_of


class RunHandler:
    """Logs an epoch when the validation engine completes, or without one when the epoch does.

    run: the RunWriter, its classes named in the order of the network's outputs; options: samples, groups and outputs of
    Recorder. The validation engine is run where trainer's EPOCH_COMPLETED is handled, as is usual.
    """

    def __init__(self, run: RunWriter, model: Any, optimizer: Any = None, **options: Any) -> None:
        self._recorder = Recorder(run, **options)
        self._model, self._optimizer = model, optimizer
        self._train = self._recorder.tally()
        self._lr: list[float] | None = None
        self._trained = 0  # the epoch that was trained, and not logged yet

    def attach(self, trainer: Engine, *, val: Engine | None = None, test: Engine | None = None) -> RunHandler:
        """Listen to the engines; returns itself."""
        trainer.add_event_handler(Events.ITERATION_STARTED, self._before_step)
        trainer.add_event_handler(Events.ITERATION_COMPLETED, self._after_step)
        trainer.add_event_handler(Events.EPOCH_STARTED, lambda: self._log(None))  # one that nobody validated
        trainer.add_event_handler(Events.COMPLETED, lambda: self._log(None))
        if val is not None:
            self._listen(val, self._log)
        if test is not None:
            self._listen(test, lambda outcome: self._recorder.log_test(outcome, weights_of(self._model)))
        return self

    def _listen(self, engine: Engine, done: Callable[[Pass], None]) -> None:
        outcome = self._recorder.new_pass()

        def start() -> None:
            nonlocal outcome
            outcome = self._recorder.new_pass()

        engine.add_event_handler(Events.STARTED, start)
        engine.add_event_handler(Events.ITERATION_COMPLETED, lambda: outcome.add(*_pair(engine)))
        engine.add_event_handler(Events.COMPLETED, lambda: done(outcome))

    def _before_step(self) -> None:
        self._lr = rates(self._optimizer)

    def _after_step(self, trainer: Engine) -> None:
        state = trainer.state
        self._trained = (
            0 if state.iteration % state.epoch_length else state.epoch
        )  # a validation within an epoch is passed over
        self._train.add(*_pair(trainer))

    def _log(self, val: Pass | None) -> None:
        if not self._trained:  # validated before training, or a second time
            return
        self._recorder.log_epoch(
            train=self._train.metrics(), val=val, weights=weights_of(self._model), lr=self._lr, epoch=self._trained
        )
        self._trained, self._train = 0, self._recorder.tally()


def _pair(engine: Engine) -> tuple[Any, Any]:
    output = engine.state.output
    if not isinstance(output, tuple | list) or len(output) != 2:
        raise DermaiError(
            f"the engine's output is {type(output).__name__}, not (outputs, labels)",
            "give the engine an output_transform, such as lambda x, y, outputs, loss: (outputs, y)",
        )
    return output[0], output[1]
