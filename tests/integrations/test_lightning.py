"""The adapter for Lightning, with the real framework."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from dermai_report import DermaiError, RunWriter, read_run
from tests.integrations.examples import check_full, run_example

FRAMEWORK = "lightning"
RNG = np.random.default_rng(0)
IMAGES = RNG.normal(size=(60, 4)).astype("float32")
LABELS = (IMAGES[:, 0] > 0).astype("int64")


def classifier(**returned: Any) -> Any:
    """A tiny module; `returned` replaces what its steps return beside the loss."""
    import lightning
    import torch

    class Tiny(lightning.LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.net = torch.nn.Linear(4, 2)

        def training_step(self, batch: Any, index: int) -> Any:
            loss = torch.nn.functional.cross_entropy(self.net(batch[0]), batch[1])
            self.log("train_loss", loss)
            self.log("train_margin", loss * 2, on_step=False, on_epoch=True)
            return loss

        def validation_step(self, batch: Any, index: int) -> Any:
            logits = self.net(batch[0])
            self.log("val_margin", logits.abs().mean())
            return returned.get("val", {"logits": logits})

        test_step = validation_step

        def configure_optimizers(self) -> Any:
            optimizer = torch.optim.SGD(self.parameters(), lr=0.1)
            return [optimizer], [torch.optim.lr_scheduler.StepLR(optimizer, 1, 0.5)]

    return Tiny()


def loader() -> Any:
    import torch
    from torch.utils.data import DataLoader, TensorDataset

    return DataLoader(TensorDataset(torch.tensor(IMAGES), torch.tensor(LABELS)), batch_size=10)


@pytest.fixture
def run(tmp_path: Path) -> Iterator[RunWriter]:
    with RunWriter(tmp_path / "runs", classes=["a", "b"], config={"mine": 1}) as writer:
        yield writer


def trainer(**options: Any) -> Any:
    import lightning

    quiet: dict[str, Any] = {"enable_progress_bar": False, "enable_model_summary": False, "accelerator": "cpu"}
    return lightning.Trainer(**{**quiet, "max_epochs": 2, "log_every_n_steps": 1, "logger": False, **options})


def test_example() -> None:
    run, names = run_example("Lightning")
    check_full(run, names)
    assert run.config["lr"] == 0.003
    assert (Path(run.path) / "checkpoints").is_dir()


def test_what_self_log_gives_and_the_rates_that_were_used(run: RunWriter) -> None:
    from dermai_report.integrations.lightning import RunCallback, RunLogger

    fitted = trainer(logger=RunLogger(run), callbacks=[RunCallback(run)], enable_checkpointing=False)
    fitted.fit(classifier(), loader(), loader())
    epochs = read_run(run.path).epochs
    assert [e.lr for e in epochs] == [(0.1,), (0.05,)]
    for epoch in epochs:  # training_step gives no logits: its loss is the mean of what was logged in the steps
        assert epoch.train["margin"] == pytest.approx(2 * epoch.train["loss"], rel=1e-5)
        assert "margin" in epoch.val and "accuracy" not in epoch.train


def test_the_last_epoch_is_tested_where_no_checkpoint_is_loaded(run: RunWriter) -> None:
    from dermai_report.integrations.lightning import RunCallback

    fitted, module = trainer(callbacks=[RunCallback(run)], enable_checkpointing=False), classifier()
    fitted.fit(module, loader(), loader())
    fitted.test(module, loader(), verbose=False)
    assert read_run(run.path).test.epoch == 2  # type: ignore[union-attr]
    module.net.weight.data += 1
    fitted.test(module, loader(), verbose=False)
    assert read_run(run.path).test.epoch is None  # type: ignore[union-attr]


def test_a_step_without_logits_is_told_before_the_training(run: RunWriter) -> None:
    from dermai_report.integrations.lightning import RunCallback

    with pytest.raises(DermaiError, match="validation_step returns a dict of loss"):
        trainer(callbacks=[RunCallback(run)]).fit(classifier(val={"loss": None}), loader(), loader())
    assert not read_run(run.path).epochs


def test_the_logger_alone_is_refused(run: RunWriter) -> None:
    from dermai_report.integrations.lightning import RunLogger

    with pytest.raises(DermaiError, match="writes no epochs alone"):
        trainer(logger=RunLogger(run)).fit(classifier(), loader(), loader())


def test_several_processes_are_refused(run: RunWriter) -> None:
    from dermai_report.integrations.lightning import RunCallback

    several: Any = SimpleNamespace(world_size=2, loggers=[])
    with pytest.raises(DermaiError, match="2 processes"):
        RunCallback(run).setup(several, several, "fit")


def test_metrics_by_their_names() -> None:
    from dermai_report.integrations.lightning import by_split

    logged = {
        "train_loss_epoch": 1,
        "train_loss_step": 9,
        "val/acc": 2,
        "valid_f1": 3,
        "test_loss": 4,
        "epoch": 5,
        "lr-SGD": 6,
        "training.top5": 7,
    }
    assert by_split(logged) == {"train": {"loss": 1, "top5": 7}, "val": {"accuracy": 2, "f1": 3}, "": {"lr-SGD": 6}}
