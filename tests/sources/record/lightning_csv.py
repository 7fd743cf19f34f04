"""Lightning's CSVLogger: a fit with a learning rate monitor and a test after it; and a fit by epochs alone, validated again."""
# needs: lightning torch==2.13.0

import shutil
import tempfile
import warnings
from pathlib import Path

import lightning as L
import torch
from _curve import data, folder, truth
from lightning.pytorch.callbacks import Callback, LearningRateMonitor
from lightning.pytorch.loggers import CSVLogger
from torch.utils.data import DataLoader, TensorDataset

warnings.filterwarnings("ignore")


class Model(L.LightningModule):
    def __init__(self, lr=0.3, on_step=True):
        super().__init__()
        self.save_hyperparameters()
        self.net = torch.nn.Linear(6, 3)

    def _step(self, batch, split, **how):
        x, y = batch
        z = self.net(x)
        loss = torch.nn.functional.cross_entropy(z, y)
        self.log(f"{split}_loss", loss, **how)
        self.log(f"{split}_acc", (z.argmax(1) == y).float().mean(), **how)
        return loss

    def training_step(self, batch, _):
        return self._step(batch, "train", on_step=self.hparams.on_step, on_epoch=True)

    def validation_step(self, batch, _):
        return self._step(batch, "val")

    def test_step(self, batch, _):
        return self._step(batch, "test")

    def configure_optimizers(self):
        optimizer = torch.optim.SGD(self.parameters(), lr=self.hparams.lr)
        return [optimizer], [torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.8)]


class Seen(Callback):
    """What the trainer itself had at the end of each epoch."""

    def __init__(self):
        self.epochs = []

    def on_train_epoch_end(self, trainer, module):
        m = trainer.callback_metrics

        def pick(split, level):
            return {k: float(m[f"{split}_{n}{level}"]) for k, n in (("loss", "loss"), ("accuracy", "acc"))}

        level = "_epoch" if module.hparams.on_step else ""
        self.epochs.append({"train": pick("train", level), "val": pick("val", "")})


def record(name, on_step, after):
    L.seed_everything(3)
    x, y, x_val, y_val = (torch.tensor(a) for a in data())
    place, root, seen = folder(name), Path(tempfile.mkdtemp()), Seen()
    trainer = L.Trainer(
        max_epochs=5,
        accelerator="cpu",
        logger=CSVLogger(root, name="logs"),
        callbacks=[LearningRateMonitor("step"), seen] if on_step else [seen],
        log_every_n_steps=3,
        enable_progress_bar=False,
        enable_checkpointing=False,
        enable_model_summary=False,
    )
    model = Model(on_step=on_step)
    val = DataLoader(TensorDataset(x_val, y_val), 40)
    trainer.fit(model, DataLoader(TensorDataset(x, y), 20), val)
    result = getattr(trainer, after)(model, DataLoader(TensorDataset(x_val[:60], y_val[:60]), 30), verbose=False)[0]
    for file in (root / "logs" / "version_0").iterdir():
        if file.is_file():
            shutil.copy(file, place)
    test = {"loss": result["test_loss"], "accuracy": result["test_acc"]} if after == "test" else None
    truth(place, seen.epochs, test=test)


record("lightning_csv", True, "test")
record("lightning_csv_epochs", False, "validate")
