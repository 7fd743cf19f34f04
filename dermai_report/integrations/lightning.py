"""Lightning: a callback that logs the epochs, their validation samples and the predictions, and a logger beside it.

    Trainer(logger=RunLogger(run), callbacks=[RunCallback(run)])

`validation_step` and `test_step` return {"logits": …}, `training_step` {"loss": …, "logits": …}. The labels are the second part of the
batch, or "labels" beside the logits.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from dermai_report.errors import DermaiError
from dermai_report.integrations._frameworks import needs
from dermai_report.integrations._passes import Pass, Tally
from dermai_report.integrations._recorder import Recorder
from dermai_report.storage.run_directory import RunWriter
from dermai_report.storage.run_files import EPOCH_KEYS

with needs("lightning", "lightning"):
    from lightning.pytorch import Callback, LightningModule, Trainer
    from lightning.pytorch.loggers.logger import Logger

from dermai_report.integrations.torch import rates, weights_of


class RunCallback(Callback):
    """Logs epochs, validation samples, and the predictions of trainer.test().

    run: the RunWriter, its classes named in the order of the network's outputs; options: samples, groups and outputs of
    Recorder. Of several validation sets the first is logged. Raises DermaiError before the training begins where a step
    returns no logits, and on more than one process, each of which would see a part of the validation set.
    """

    def __init__(self, run: RunWriter, **options: Any) -> None:
        self._recorder = Recorder(run, **options)
        self._train: Tally = self._recorder.tally()
        self._pass: Pass = self._recorder.new_pass()
        self._val: Pass | None = None
        self._weights: str | None = None
        self._lr: list[float] | None = None
        self._logger: RunLogger | None = None

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Find the logger of this run."""
        if trainer.world_size > 1:
            raise DermaiError(
                f"this training runs on {trainer.world_size} processes, and each sees a part of the validation set",
                "log from one process: Trainer(devices=1), or evaluate afterwards and log with RunWriter",
            )
        self._logger = next((x for x in trainer.loggers if isinstance(x, RunLogger) and x.run is self._recorder.run), None)
        if self._logger:
            self._logger.has_callback = True

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Begin to count."""
        self._train, self._val, self._weights = self._recorder.tally(), None, None
        if self._logger:
            self._logger.take()  # what came after the line of the last epoch

    def on_before_optimizer_step(self, trainer: Trainer, pl_module: LightningModule, optimizer: Any) -> None:
        """Keep the learning rate that is used, before the scheduler changes it."""
        self._lr = rates(optimizer)

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Count a batch, where training_step returns its logits."""
        if isinstance(outputs, Mapping) and "logits" in outputs:
            self._train.add(*_pair(outputs, batch, "training_step"))

    def on_validation_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Begin a pass."""
        self._pass = self._recorder.new_pass()

    on_test_epoch_start = on_validation_epoch_start

    def on_validation_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int, dataloader_idx: int = 0
    ) -> None:
        """Keep the outcome of a batch."""
        if dataloader_idx == 0:
            self._pass.add(*_pair(outputs, batch, "test_step" if trainer.testing else "validation_step"))

    on_test_batch_end = on_validation_batch_end

    def on_validation_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Keep the pass for the line of the epoch."""
        if trainer.state.fn == "fit" and not trainer.sanity_checking:
            self._val, self._weights = self._pass, weights_of(pl_module)

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Write the line of the epoch: after its validation."""
        further = {**trainer.callback_metrics, **self._logger.take()} if self._logger else {}
        splits = by_split(further)
        self._recorder.log_epoch(
            train={**splits["train"], **self._train.metrics()},
            val=self._val,
            val_metrics=splits["val"],
            weights=self._weights or weights_of(pl_module),
            lr=self._lr,
            epoch=trainer.current_epoch + 1,
            **splits[""],
        )

    def on_test_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Log the predictions; which epoch's weights were tested is found out."""
        self._recorder.log_test(self._pass, weights_of(pl_module))


class RunLogger(Logger):
    """Lightning's logger on a run: hyperparameters become its config, checkpoints go into its directory.

    What `self.log` gives is logged with its epoch by the RunCallback of the same run; a value of every step as their mean.
    """

    def __init__(self, run: RunWriter) -> None:
        super().__init__()
        self.run = run
        self.has_callback = False
        self._config: dict[str, Any] = {}
        self._values: dict[str, list[float]] = {}

    @property
    def name(self) -> str:
        """No folder between the runs and this one."""
        return ""

    @property
    def version(self) -> str:
        """The run's id."""
        return self.run.path.name

    @property
    def save_dir(self) -> str:
        """Where the runs are."""
        return str(self.run.path.parent)

    def log_hyperparams(self, params: Any, *args: Any, **kwargs: Any) -> None:
        """Add to the run's config."""
        self._config |= params if isinstance(params, Mapping) else vars(params)
        self.run.update(config={**self.run.config, **self._config})

    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        """Keep what is logged until the epoch ends."""
        for name, value in metrics.items():
            self._values.setdefault(name, []).append(float(value))

    def save(self) -> None:
        """Called as a training begins."""
        if not self.has_callback:
            raise DermaiError(
                "RunLogger writes no epochs alone", "Trainer(logger=RunLogger(run), callbacks=[RunCallback(run)])"
            )

    def take(self) -> dict[str, float]:
        """What was logged since the last call, the mean of each."""
        means = {name: sum(values) / len(values) for name, values in self._values.items()}
        self._values.clear()
        return means


def by_split(metrics: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Metrics by their names: "train", "val", and "" for what belongs to neither. A value of one step belongs nowhere."""
    splits: dict[str, dict[str, Any]] = {"train": {}, "val": {}, "": {}}
    for name, value in metrics.items():
        found = re.fullmatch(r"(?:(train|val)(?:id|idation|ing)?[_/.-])?(.+?)(_epoch)?", name)
        if found and not name.endswith("_step") and not name.startswith("test"):
            split, short = found[1] or "", found[2]
            short = "accuracy" if split and short == "acc" else short
            if split or short not in EPOCH_KEYS:
                splits[split][short] = value
    return splits


def _pair(outputs: Any, batch: Any, step: str) -> tuple[Any, Any]:
    """(logits, labels) of a step."""
    if not isinstance(outputs, Mapping) or "logits" not in outputs:
        returned = f"a dict of {', '.join(map(str, outputs))}" if isinstance(outputs, Mapping) else type(outputs).__name__
        raise DermaiError(
            f"{step} returns {returned}, so its predictions cannot be logged", 'return {"logits": logits} from it'
        )
    if "labels" in outputs:
        return outputs["logits"], outputs["labels"]
    if isinstance(batch, list | tuple) and len(batch) >= 2:
        return outputs["logits"], batch[1]
    raise DermaiError(f"{step} returns no labels, and the batch is no pair of images and labels", 'return "labels" as well')
