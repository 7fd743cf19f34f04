"""MMEngine's Runner: vis_data/scalars.json, the same as <timestamp>.json, and the text log."""
# needs: torch==2.13.0 mmengine opencv-python-headless

import os
import re
import tempfile
import warnings
from pathlib import Path

warnings.filterwarnings("ignore")
import torch
from _curve import data, folder, truth
from mmengine.evaluator import BaseMetric
from mmengine.hooks import Hook
from mmengine.model import BaseModel
from mmengine.runner import Runner

x, y, x_val, y_val = (torch.as_tensor(a) for a in data())
epochs = []


class Model(BaseModel):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(x.shape[1], 3)

    def forward(self, inputs, labels, mode):
        logits = self.layer(inputs)
        if mode == "loss":
            return {"loss": torch.nn.functional.cross_entropy(logits, labels)}
        return logits, labels


class Top1(BaseMetric):
    default_prefix = "accuracy"

    def process(self, _, samples):
        logits, labels = samples
        self.results += (logits.argmax(1) == labels).tolist()

    def compute_metrics(self, results):
        return {"top1": 100 * sum(results) / len(results)}


class Keep(Hook):
    def after_val_epoch(self, runner, metrics=None):
        epochs.append({"train": {}, "val": {"accuracy": metrics["accuracy/top1"] / 100}})


def loader(*tensors):
    return torch.utils.data.DataLoader(torch.utils.data.TensorDataset(*tensors), 20)


work = tempfile.mkdtemp()
os.chdir(work)
runner = Runner(
    Model(), work, loader(x, y), loader(x_val, y_val), train_cfg={"by_epoch": True, "max_epochs": 4},
    optim_wrapper={"optimizer": {"type": "SGD", "lr": 0.3}}, val_cfg={}, val_evaluator=[Top1()],
    default_hooks={"logger": {"type": "LoggerHook", "interval": 2}, "checkpoint": None}, custom_hooks=[Keep()],
)  # fmt: skip
runner.train()
place = folder("mmengine")
(stamp,) = (p for p in Path(work).iterdir() if p.is_dir() and re.fullmatch(r"\d+_\d+", p.name))
(place / "vis_data").mkdir()
(place / "vis_data" / "scalars.json").write_bytes((stamp / "vis_data" / "scalars.json").read_bytes())
text = (stamp / f"{stamp.name}.log").read_text()
lines = [line for line in text.splitlines() if "Epoch(" in line or "Saving" in line]
(folder("mmengine_text") / "train.log").write_text("\n".join(lines) + "\n")
truth(place, epochs)
truth(place.parent / "mmengine_text", epochs)
