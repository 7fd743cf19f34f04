"""results.csv of Ultralytics: a classifier of 32 x 32 pixels trained from its YAML on the CPU, without weights from elsewhere."""
# needs: ultralytics torch==2.13.0 torchvision==0.28.0

import csv
import shutil
import tempfile
from pathlib import Path

import numpy as np
from _curve import folder, truth
from PIL import Image
from ultralytics import YOLO

root = Path(tempfile.mkdtemp())
rng = np.random.default_rng(1)
for split, n in (("train", 16), ("val", 10)):
    for k, name in enumerate(("red", "green", "blue")):
        (root / "data" / split / name).mkdir(parents=True)
        for i in range(n):
            image = rng.integers(0, 160, (32, 32, 3))
            image[..., k] += 60
            Image.fromarray(image.astype("uint8")).save(root / "data" / split / name / f"{i}.png")

seen = []


def after(trainer):
    m = trainer.metrics
    if "val/loss" not in m:  # the best checkpoint again, after the last epoch
        return
    seen.append(
        {
            "train": {"loss": float(trainer.label_loss_items(trainer.tloss)["train/loss"])},
            "val": {"loss": float(m["val/loss"]), "accuracy": float(m["metrics/accuracy_top1"])},
        }
    )


model = YOLO("yolov8n-cls.yaml")
model.add_callback("on_fit_epoch_end", after)
model.train(
    data=str(root / "data"),
    epochs=4,
    imgsz=32,
    batch=8,
    device="cpu",
    workers=0,
    project=str(root / "runs"),
    name="t",
    plots=False,
    amp=False,
)
place = folder("ultralytics_csv")
shutil.copy(next((root / "runs").rglob("results.csv")), place)
with (place / "results.csv").open() as file:
    n = len(list(csv.DictReader(file)))
(place / "args.yaml").write_text("task: classify\nmode: train\nmodel: yolov8n-cls.yaml\nepochs: 4\nimgsz: 32\nbatch: 8\n")
truth(place, seen[:n])
