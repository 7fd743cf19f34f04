"""torch.utils.tensorboard: scalars in one file; and add_scalars, which writes a folder a curve."""
# needs: torch==2.13.0 tensorboard numpy pillow

import numpy as np
from _curve import curve, folder, truth
from torch.utils.tensorboard import SummaryWriter

logged = curve()

place = folder("tensorboard_torch")
with SummaryWriter(place) as writer:
    writer.add_text("config", "lr 0.8")
    writer.add_histogram("weights", np.arange(100.0), 0)
    writer.add_image("sample", np.zeros((3, 8, 8), np.uint8), 0)
    for epoch, row in enumerate(logged):
        for batch in range(4):
            writer.add_scalar("batch/loss", row["train"]["loss"] + 0.1 * batch, epoch * 4 + batch)
        for split in ("train", "val"):
            writer.add_scalar(f"Loss/{split}", row[split]["loss"], epoch)
            writer.add_scalar(f"Accuracy/{split}", row[split]["accuracy"], epoch)
        writer.add_scalar("lr", row["lr"], epoch)
truth(place, logged)

place = folder("tensorboard_add_scalars")
with SummaryWriter(place) as writer:
    for epoch, row in enumerate(logged, 1):
        writer.add_scalars("loss", {s: row[s]["loss"] for s in ("train", "val")}, epoch)
        writer.add_scalars("accuracy", {s: row[s]["accuracy"] for s in ("train", "val")}, epoch)
truth(place, logged)
