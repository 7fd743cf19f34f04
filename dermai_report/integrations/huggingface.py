"""Hugging Face Trainer, for image classification: a callback, which is the Trainer's compute_metrics as well.

    recorder = RunCallback(run)
    Trainer(…, callbacks=[recorder], compute_metrics=recorder.compute_metrics, args=TrainingArguments(…, eval_strategy="epoch"))

`trainer.predict(test_set)` logs the test.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dermai_report.errors import DermaiError
from dermai_report.integrations._frameworks import needs
from dermai_report.integrations._passes import Pass, Tally
from dermai_report.integrations._recorder import Recorder
from dermai_report.storage.run_directory import RunWriter

with needs("transformers", "transformers"):
    from transformers import TrainerCallback

from dermai_report.integrations.torch import rates, weights_of


class RunCallback(TrainerCallback):
    """Logs epochs, validation samples, and the predictions of trainer.predict().

    run: the RunWriter, its classes named in the order of the model's outputs (model.config.id2label.values()); metrics: your
    own compute_metrics, if you have one; options: samples, groups and outputs of Recorder. The training's loss and accuracy are
    counted from what the model puts out while it trains, where it is called with the labels, else the loss is the Trainer's.
    """

    def __init__(self, run: RunWriter, metrics: Callable[[Any], dict[str, float]] | None = None, **options: Any) -> None:
        self._recorder = Recorder(run, **options)
        self._metrics = metrics
        self._train: Tally = self._recorder.tally()
        self._losses: list[tuple[int, float]] = []  # (steps, their mean loss), as the Trainer logs them
        self._logged = 0  # the step of the last of them
        self._pass: Pass | None = None
        self._lr: list[float] | None = None
        self._is_training = False
        self._hook: Any = None

    def compute_metrics(self, evaluated: Any) -> dict[str, float]:
        """The Trainer's compute_metrics: accuracy, and what your own one gives."""
        outputs = evaluated.predictions[0] if isinstance(evaluated.predictions, tuple) else evaluated.predictions
        self._pass = self._recorder.new_pass()
        self._pass.add(outputs, evaluated.label_ids)
        return {"accuracy": self._pass.metrics()["accuracy"], **(self._metrics(evaluated) if self._metrics else {})}

    def on_train_begin(self, args: Any, state: Any, control: Any, model: Any = None, **kwargs: Any) -> None:
        """Check that every epoch is evaluated, and listen to the model."""
        self.on_train_end(args, state, control)  # of a training that failed
        if args.world_size > 1:
            raise DermaiError(f"this training runs on {args.world_size} processes", "log from a training of one process")
        if args.eval_strategy != "epoch":
            raise DermaiError(
                f"the Trainer evaluates by eval_strategy={str(getattr(args.eval_strategy, 'value', args.eval_strategy))!r}, "
                "and a run has a validation an epoch",
                'TrainingArguments(eval_strategy="epoch")',
            )
        self._is_training = True
        if args.n_gpu <= 1:  # of several, each sees a part of a batch, at the same time
            self._hook = model.register_forward_hook(self._trained, with_kwargs=True)

    def on_epoch_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Begin to count."""
        self._train, self._losses, self._pass = self._recorder.tally(), [], None

    def on_pre_optimizer_step(self, args: Any, state: Any, control: Any, optimizer: Any = None, **kwargs: Any) -> None:
        """Keep the learning rate that is used, before the scheduler changes it."""
        self._lr = rates(optimizer)

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, float] | None = None, **kwargs: Any) -> None:
        """Keep the Trainer's mean loss of the last steps."""
        if logs and "loss" in logs:
            self._losses.append((state.global_step - self._logged, logs["loss"]))
            self._logged = state.global_step

    def on_evaluate(self, args: Any, state: Any, control: Any, model: Any = None, **kwargs: Any) -> None:
        """Write the line of the epoch; an evaluation before or after the training is passed over."""
        if self._pass is None:
            raise DermaiError(
                "the Trainer evaluates without the callback's compute_metrics, so there are no predictions to log",
                "Trainer(callbacks=[recorder], compute_metrics=recorder.compute_metrics)",
            )
        if not self._is_training or not state.epoch:
            return
        metrics = {k.removeprefix("eval_"): v for k, v in (kwargs.get("metrics") or {}).items() if k != "epoch"}
        own = {k: v for k, v in metrics.items() if not k.endswith(("runtime", "_per_second"))}
        self._recorder.log_epoch(
            train=self._train.metrics() or self._logged_loss(),
            val=self._pass,
            val_metrics=own,
            weights=weights_of(model),
            lr=self._lr,
            epoch=round(state.epoch),
        )

    def on_train_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Listen no longer."""
        self._is_training = False
        if self._hook is not None:
            self._hook.remove()
            self._hook = None

    def on_predict(self, args: Any, state: Any, control: Any, metrics: Any = None, model: Any = None, **kwargs: Any) -> None:
        """Log the test; which epoch's weights the model holds is found out."""
        if self._pass is None:
            raise DermaiError("the Trainer predicts without the callback's compute_metrics", "give it to the Trainer as well")
        self._recorder.log_test(self._pass, weights_of(model))

    def _trained(self, model: Any, args: Any, kwargs: dict[str, Any], output: Any) -> None:
        labels = kwargs.get("labels")
        if model.training and labels is not None and hasattr(output, "logits"):
            self._train.add(output.logits, labels)

    def _logged_loss(self) -> dict[str, float]:
        """The mean loss of the epoch by the Trainer's own logs, each of which stands for the steps since the one before."""
        steps = sum(n for n, _ in self._losses)
        return {"loss": sum(n * loss for n, loss in self._losses) / steps} if steps else {}
