"""From the passes of a training to its run directory: what the adapters of all frameworks have in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dermai_report.errors import DermaiError
from dermai_report.integrations._passes import Outputs, Pass, Tally
from dermai_report.storage.run_directory import RunWriter

OTHER_WEIGHTS = "weights of no epoch that was logged"


class Recorder:
    """Logs epochs with their validation samples, the validation predictions of the best epoch, and the test.

    run: the RunWriter, with its classes named; samples, groups: identifiers (paths, patients) by split, "val" and "test", in
    the order in which their samples come; outputs: what the network puts out (see Tally). Which epoch was tested is known by
    a digest of the weights, not by the order of the calls: a checkpoint that was loaded in between is noticed.
    """

    def __init__(
        self,
        run: RunWriter,
        *,
        samples: Mapping[str, Sequence[str]] | None = None,
        groups: Mapping[str, Sequence[str]] | None = None,
        outputs: Outputs = "auto",
    ) -> None:
        if not run.classes:
            raise DermaiError("the run has no classes", 'name them in the order of the outputs: RunWriter(classes=["a", "b"])')
        self.run = run
        self._samples, self._groups, self._outputs = samples or {}, groups or {}, outputs
        self._last = 0
        self._epochs: dict[str, int] = {}  # by the digest of their weights
        self._best: tuple[int, Pass] | None = None
        self._latest: tuple[int, Pass] | None = None

    def tally(self) -> Tally:
        """For a pass of which the mean is enough: the training."""
        return Tally(len(self.run.classes), self._outputs)

    def new_pass(self) -> Pass:
        """For a pass over the validation or test set."""
        return Pass(len(self.run.classes), self._outputs)

    def log_epoch(
        self,
        *,
        train: Mapping[str, float] | None = None,
        val: Pass | None = None,
        val_metrics: Mapping[str, float] | None = None,
        weights: str | None = None,
        epoch: int | None = None,
        **facts: Any,
    ) -> None:
        """One epoch: its metrics, the pass over the validation set (None where there was none) and the digest of its weights.

        epoch: the framework's count, from 1; a second fit, which counts from 1 again, goes on after the first.
        """
        number = max(self._last + 1, epoch or 0)
        counted = val.metrics() if val else {}
        self.run.log_epoch(
            train=train,
            val={**(val_metrics or {}), **counted},
            val_samples=val.samples() if val else None,
            epoch=number,
            **facts,
        )
        self._last = number
        if weights is not None:
            self._epochs[weights] = number
        if val is None:
            return
        self._latest = (number, val)
        if counted["loss"] < (self._best[1].metrics()["loss"] if self._best else float("inf")):
            self._best = self._latest
            self._log_predictions("val", val, epoch=number)

    def log_test(self, test: Pass, weights: str | None) -> None:
        """The pass over the test set, of the model with these weights; the validation predictions become that model's."""
        tested = self._epochs.get(weights) if weights else None
        kept = dict(filter(None, (self._best, self._latest)))
        if tested in kept:
            self._log_predictions("val", kept[tested], epoch=tested)
        self._log_predictions("test", test, **({"epoch": tested} if tested else {"checkpoint": OTHER_WEIGHTS}))

    def _log_predictions(self, split: str, outcome: Pass, **model: Any) -> None:
        self.run.log_evaluation(
            split,
            labels=outcome.labels,
            probabilities=outcome.probabilities,
            samples=self._samples.get(split),
            groups=self._groups.get(split),
            loss=outcome.metrics()["loss"],
            **model,
        )
