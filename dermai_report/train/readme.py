"""README.txt of a run directory: how to use its models without this package."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from dermai_report.files import write_atomically
from dermai_report.train.batches import MEAN, STD
from dermai_report.train.checkpoints import BEST, LAST
from dermai_report.train.config import TrainConfig
from dermai_report.train.data import DataSet

TEXT = """\
A training run of dermai-train.

Made by      {command}
Report       dermai-report {run} --format html

Classes, in the order of the model's outputs
{classes}{excluded}

Preprocessing
  1. decode, turn as the EXIF orientation says, lay transparency over white, convert to RGB
  2. resize the whole picture to {side} x {side} (bilinear, antialiased, the aspect ratio is not kept)
  3. divide by 255, subtract {mean}, divide by {std} (channel by channel)
  The input is a float tensor (images, 3, {side}, {side}); the output is one logit a class; softmax gives probabilities.

{best}: weights of the epoch chosen by {best_by}. This is the one to use.
{loading}

{last}: the whole model of the last epoch, for torch.export (no pickled code; torch alone is enough); written
when the run finishes.

    import torch
    model = torch.export.load("{last}").module()

Calibration
  {temperature}

Files
  run.json  configuration, versions, data      epochs.jsonl  one line an epoch      test.json  the test evaluation
  predictions/  per-sample predictions as Parquet
"""


UNKNOWN = "the temperature is fitted on validation when the run finishes"


def write(run: Path, address: str, config: TrainConfig, data: DataSet, command: str) -> None:
    """Write the file into the directory `run`, which readers find at `address`; all but the temperature is known before the first epoch."""
    text = TEXT.format(
        command=command or "(called from Python)",
        run=address,
        classes="\n".join(f"  {n}  {name}" for n, name in enumerate(data.classes)),
        excluded="".join(f"\n  left out: {name} ({how})" for name, how in data.facts.restore.items()),
        side=data.image_size,
        mean=MEAN,
        std=STD,
        best=BEST,
        temperature=UNKNOWN,
        last=LAST,
        best_by={"val_loss": "the lowest validation loss"}.get(config.best_by, f"the highest {config.best_by}"),
        loading=_loading(config, len(data.classes)),
    )
    write_atomically(run / "README.txt", text)


def add_temperature(run: Path, config: TrainConfig, files: Sequence[str], fitted: float | None) -> None:
    """Put in the temperature, known only when the run is over. files: those of the models that the final evaluation averaged."""
    over = [f"{config.tta} views of each image"] if config.tta > 1 else []
    over += [f"the models {', '.join(files)}"] if len(files) > 1 else []
    logits, whose = ("log(mean)", "this mean, not for one of its models alone") if over else ("logits", BEST)
    lines = [f"the final evaluation takes the mean of softmax(logits) over {' and '.join(over)}"] if over else []
    if fitted is None:
        lines.append("validation gave no temperature that can be relied on: use softmax(logits) as it is")
    else:
        lines.append(f"softmax({logits} / {fitted:g}): the temperature {fitted:g} was fitted on validation for {whose}")
        lines += ["test.json and predictions/ have it in them already: do not divide those again"] * config.temperature_scaling
    path = run / "README.txt"
    write_atomically(path, path.read_text(encoding="utf-8").replace(UNKNOWN, "\n  ".join(lines)))


def _loading(config: TrainConfig, n_classes: int) -> str:
    return f"""
    import torch, torchvision
    model = torchvision.models.{config.model}(num_classes={n_classes})
    model.load_state_dict(torch.load("{BEST}", weights_only=True))
    model.eval()"""
