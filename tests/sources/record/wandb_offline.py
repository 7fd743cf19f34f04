"""Weights & Biases in offline mode."""
# needs: wandb numpy

import os
import shutil
import tempfile
from pathlib import Path

home = Path(tempfile.mkdtemp())
os.environ |= {"WANDB_MODE": "offline", "WANDB_DIR": str(home), "WANDB_SILENT": "true", "WANDB_DISABLE_GIT": "true"}
os.environ |= {"WANDB__DISABLE_STATS": "true", "WANDB_DISABLE_CODE": "true", "WANDB_HOST": "host", "WANDB_USERNAME": "user"}
import wandb
from _curve import curve, folder, truth

logged = curve()
settings = wandb.Settings(x_disable_stats=True, x_disable_meta=True, console="off", disable_git=True, save_code=False)
run = wandb.init(project="p", name="clouds", id="abcd1234", config={"lr": 0.8, "optim": {"name": "sgd"}}, settings=settings)
for epoch, row in enumerate(logged):
    for batch in range(3):
        run.log({"batch_loss": row["train"]["loss"] + 0.1 * batch})
    metrics = {f"{split}/{name}": row[split][name] for split in ("train", "val") for name in ("loss", "accuracy")}
    run.log({"epoch": epoch, "lr": row["lr"], "nested": {"note": "x", "value": epoch / 2}, **metrics})
run.finish()

place = folder("wandb_offline")
(folder_of_run,) = (home / "wandb").glob("offline-run-*")
target = place / "offline-run-20250101_000000-abcd1234"
target.mkdir()
shutil.copy(next(folder_of_run.glob("*.wandb")), target / "run-abcd1234.wandb")
truth(place, logged, config={"lr": 0.8, "optim": {"name": "sgd"}})
