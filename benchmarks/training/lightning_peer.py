"""The same recipe under Lightning with bf16-mixed precision: what people take when the plain script is too slow. Run by whole.py."""

import argparse
import os
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

from dermai_report.train.torchvision_compat import torchvision  # before Lightning, which imports torchvision itself

# isort: split
import lightning
import torch
from lightning.pytorch.callbacks import ModelCheckpoint
from plain import build, transform
from torch import nn
from torch.utils.data import DataLoader


class Classifier(lightning.LightningModule):
    def __init__(self, counts: torch.Tensor, weights: str) -> None:
        super().__init__()
        self.net = build(len(counts), weights)
        self.criterion = nn.CrossEntropyLoss(counts.sum() / (len(counts) * counts))

    def training_step(self, batch: list[torch.Tensor], index: int) -> torch.Tensor:
        return self.criterion(self.net(batch[0]), batch[1])

    def validation_step(self, batch: list[torch.Tensor], index: int) -> None:
        logits = self.net(batch[0])
        self.log("val_loss", nn.functional.cross_entropy(logits, batch[1]))
        self.log("val_accuracy", (logits.argmax(1) == batch[1]).float().mean())

    def configure_optimizers(self) -> dict:
        optimizer = torch.optim.Adam((p for p in self.parameters() if p.requires_grad), lr=1e-3)
        plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, patience=2)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": plateau, "monitor": "val_loss"}}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--weights", default="none")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    sets = {s: torchvision.datasets.ImageFolder(str(options.data / s), transform(224, s == "train")) for s in ("train", "val")}
    loaders = {s: DataLoader(d, options.batch_size, shuffle=s == "train") for s, d in sets.items()}
    model = Classifier(torch.bincount(torch.tensor(sets["train"].targets)).float(), options.weights)
    model.to(memory_format=torch.channels_last)
    best = ModelCheckpoint(options.out.parent, monitor="val_loss")
    trainer = lightning.Trainer(
        max_epochs=options.epochs,
        accelerator="cpu",
        precision="bf16-mixed",
        logger=False,
        callbacks=[best],
        enable_progress_bar=False,
        num_sanity_val_steps=0,
    )
    trainer.fit(model, loaders["train"], loaders["val"])
    trainer.validate(model, loaders["val"], ckpt_path=best.best_model_path, verbose=False)


if __name__ == "__main__":
    main()
