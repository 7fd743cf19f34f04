"""fastai: a callback on the Learner.

recorder = RunCallback(run)
learner = Learner(dls, model, loss_func=CrossEntropyLossFlat(), cbs=recorder)
learner.fit_one_cycle(5)
recorder.test(dls.test_dl(files, with_labels=True))
"""

from __future__ import annotations

from typing import Any

from dermai_report.integrations._frameworks import needs
from dermai_report.integrations._passes import Pass, Tally
from dermai_report.integrations._recorder import Recorder
from dermai_report.storage.run_directory import RunWriter

with needs("fastai", "fastai"):
    from fastai.callback.core import Callback
    from fastai.torch_core import noop

from dermai_report.integrations.torch import weights_of


class RunCallback(Callback):
    """Logs epochs, validation samples, and the predictions of test().

    run: the RunWriter, its classes named in the order of the network's outputs (dls.vocab); options: samples, groups and outputs
    of Recorder. The epochs of one fit follow those of the one before. What lr_find, validate and get_preds do is not logged.
    """

    name = "run_callback"  # of its attribute in the learner; fastai's own choice, "run", means something else in a callback
    order = 60  # after fastai's own Recorder, before what saves and loads weights

    def __init__(self, run: RunWriter, **options: Any) -> None:
        super().__init__()
        self._log = Recorder(run, **options)
        self._trained: Tally | None = None  # None outside of an epoch of a fit
        self._validated: Pass | None = None
        self._rates: list[float] | None = None

    def before_fit(self) -> None:
        """Stay out of lr_find."""
        self.run = not hasattr(self, "lr_finder")

    def before_train(self) -> None:
        """Begin to count."""
        self._trained, self._validated = self._log.tally(), None

    def before_step(self) -> None:
        """Keep the learning rates that are used: of all groups, where they differ."""
        found = [float(group["lr"]) for group in self.opt.hypers]
        self._rates = found[:1] if len(set(found)) == 1 else found

    def before_validate(self) -> None:
        """Begin a pass, in an epoch."""
        self._validated = self._log.new_pass() if self._trained else None

    def after_batch(self) -> None:
        """Count a batch of the training, keep the outcome of one of the validation."""
        counted = self._trained if self.training else self._validated
        if counted is not None:
            counted.add(self.pred, self.y)

    def after_epoch(self) -> None:
        """Write the line of the epoch."""
        if self._trained is not None:
            self._log.log_epoch(
                train=self._trained.metrics(), val=self._validated, weights=weights_of(self.model), lr=self._rates
            )
        self._trained = None

    def test(self, batches: Any) -> dict[str, float]:
        """Evaluate and log a DataLoader with labels; which epoch's weights the model holds is found out."""
        outputs, labels = self.learn.get_preds(dl=batches, act=noop)
        outcome = self._log.new_pass()
        outcome.add(outputs, labels)
        self._log.log_test(outcome, weights_of(self.model))
        return outcome.metrics()
