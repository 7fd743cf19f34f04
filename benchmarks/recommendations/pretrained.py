"""Weights to fine-tune from: ResNet18 trained on five classes of Fashion-MNIST of which the study uses no picture."""

from __future__ import annotations

from pathlib import Path

from benchmarks.recommendations.sources import Source, draw, save
from dermai_report.train.config import TrainConfig
from dermai_report.train.loop import train
from dermai_report.train.progress import Progress

OTHERS = ("Ankle boot", "Bag", "Sandal", "Sneaker", "Trouser")


def weights(folder: Path, idx: str) -> Path:
    """The file of weights below `folder`; trained when it is not there."""
    path = folder / "pretrained.pth"
    if not path.exists():
        save(draw(Source("others", idx, side=32, train=800, val=100, test=10, classes=OTHERS), seed=0), folder / "others.npz")
        choices = {"weights": "none", "unfreeze": "full", "epochs": 6, "batch_size": 64, "threads": 1, "audit": False}
        config = TrainConfig.from_mapping({"data": str(folder / "others.npz"), "runs": str(folder / "first"), **choices})
        with Progress() as progress:
            run = train(config, "", progress)
        (run.path / "model" / "dermai_model.pth").rename(path)
    return path
