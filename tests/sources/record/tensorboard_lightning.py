"""Lightning's TensorBoardLogger: steps are batches, and the tag `epoch` says which epoch each belongs to; then a test."""
# needs: torch==2.13.0 lightning tensorboard

import os
import tempfile
import warnings

import torch
from _curve import data, folder, truth
from lightning.pytorch import LightningModule, Trainer, seed_everything
from lightning.pytorch.callbacks import Callback
from lightning.pytorch.loggers import TensorBoardLogger
from torch.nn import functional

warnings.filterwarnings("ignore")
seed_everything(1)
x, y, x_val, y_val = (torch.as_tensor(a) for a in data())


class Model(LightningModule):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(x.shape[1], 3)

    def _step(self, batch, split):
        logits = self.layer(batch[0])
        loss = functional.cross_entropy(logits, batch[1])
        self.log(f"{split}_loss", loss, on_step=split == "train", on_epoch=True)
        self.log(f"{split}_acc", (logits.argmax(1) == batch[1]).float().mean(), on_step=False, on_epoch=True)
        return loss

    def training_step(self, batch):
        return self._step(batch, "train")

    def validation_step(self, batch):
        self._step(batch, "val")

    def test_step(self, batch):
        self._step(batch, "test")

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), 0.3)


class Keep(Callback):
    epochs = []

    def on_train_epoch_end(self, trainer, module):
        m = {k: float(v) for k, v in trainer.callback_metrics.items()}
        self.epochs.append(
            {
                "train": {"loss": m["train_loss_epoch"], "accuracy": m["train_acc"]},
                "val": {"loss": m["val_loss"], "accuracy": m["val_acc"]},
            }
        )


def loader(*tensors):
    return torch.utils.data.DataLoader(torch.utils.data.TensorDataset(*tensors), 20)


place = folder("tensorboard_lightning")
os.chdir(tempfile.mkdtemp())
logger = TensorBoardLogger(place, name="", version="")
options = {"logger": logger, "enable_checkpointing": False, "enable_progress_bar": False, "accelerator": "cpu"}
trainer = Trainer(max_epochs=5, log_every_n_steps=2, callbacks=[Keep()], **options)
model = Model()
trainer.fit(model, loader(x, y), loader(x_val, y_val))
tested = trainer.test(model, loader(x_val, y_val))[0]
truth(place, Keep.epochs, test={"loss": tested["test_loss"], "accuracy": tested["test_acc"]})
