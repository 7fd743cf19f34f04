"""The Trainer of transformers: trainer_state.json, the result files beside it, and what it prints; evaluated each epoch, or by steps."""
# needs: torch==2.13.0 transformers accelerate tensorboard

import contextlib
import io
import os
import tempfile
from pathlib import Path

os.environ["WANDB_DISABLED"] = "true"
import numpy as np
import torch
from _curve import data, folder, truth
from transformers import Trainer, TrainingArguments, set_seed

x, y, x_val, y_val = data()


class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(x.shape[1], 3)

    def forward(self, x, labels):
        logits = self.layer(x)
        return {"loss": torch.nn.functional.cross_entropy(logits, labels), "logits": logits}


def rows(a, b):
    return [{"x": torch.as_tensor(i), "labels": int(j)} for i, j in zip(a, b, strict=True)]


def record(name, **options):
    set_seed(1)
    place, logs = folder(name), folder(f"tensorboard_{name}")
    os.environ["TENSORBOARD_LOGGING_DIR"] = str(logs)
    given = TrainingArguments(
        tempfile.mkdtemp(), num_train_epochs=3, per_device_train_batch_size=16, learning_rate=0.05, logging_steps=2,
        save_strategy="no", report_to=["tensorboard"], use_cpu=True, disable_tqdm=True, **options,
    )  # fmt: skip
    accuracy = lambda p: {"accuracy": float((np.argmax(p.predictions, 1) == p.label_ids).mean())}  # noqa: E731
    trainer = Trainer(Model(), given, train_dataset=rows(x, y), eval_dataset=rows(x_val, y_val), compute_metrics=accuracy)
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        trainer.train()
        evaluated = trainer.evaluate()
    trainer.save_metrics("eval", evaluated)
    trainer.save_state()
    for file in ("trainer_state.json", "eval_results.json", "all_results.json"):
        Path(place, file).write_bytes(Path(given.output_dir, file).read_bytes())
    seen = [r for r in trainer.state.log_history if "eval_loss" in r]
    evaluations = [{"epoch": r["epoch"], "loss": r["eval_loss"], "accuracy": r["eval_accuracy"]} for r in seen]
    truth(place, [], evaluations=evaluations)
    console = folder(f"{name}_stdout")
    (console / "train.log").write_text(printed.getvalue())
    truth(console, [], evaluations=evaluations)
    truth(logs, [], evaluations=evaluations)


record("hf_trainer_epochs", eval_strategy="epoch")
record("hf_trainer_steps", eval_strategy="steps", eval_steps=3)
