"""The gap between the validation loss and the training loss of the best epoch.

The training loss is that of the very images trained on, so it is no estimate, and only the validation images are drawn. Where it was
measured in evaluation mode on some of them, these are drawn too.

When it is wrong: dropout, augmentation and mixed images raise a training loss that is averaged over an epoch, so a run that has more
of them shows a smaller gap by that alone. Such runs are held against each other by the evaluation-mode pass, or not at all.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dermai_report import measures, wording
from dermai_report.disproof._measured import Measured, Pair
from dermai_report.disproof._paired import mean_difference, samples
from dermai_report.run import EpochLog, Run

LABEL = "gap between {split} and training loss"
LOWER, HIGHER = "smaller", "larger"
ON_WHILE_TRAINING = (
    "dropout",
    "augment",
    "mixup",
    "cutmix",
    "label_smoothing",
    "balanced_sampling",
)  # what moves the logged loss


def measure(pairs: Sequence[Pair], split: str) -> Measured:
    """Paired by validation image, less the training losses."""
    runs = [run for side in zip(*pairs, strict=True) for run in side]
    logs = [log for run in runs if (log := _best(run)) is not None]
    if len(logs) < len(runs) or not all("loss" in log.train or "eval_loss" in log.train for log in logs):
        return Measured("nats", basis="no interval: the training loss of a best epoch was not logged")
    honest = all("eval_loss" in log.train for log in logs)
    differ = [
        key for key in ON_WHILE_TRAINING if any(pair.baseline.config.get(key) != pair.run.config.get(key) for pair in pairs)
    ]
    if differ and not honest:
        told = f"the training loss is measured with {wording.listed(differ)} on, which moves it by itself"
        return Measured("nats", basis=f"{told}; train_eval measures it without")
    found = samples(pairs, split)
    if isinstance(found, str) or found.loss is None:
        return Measured("nats", basis=f"no interval: {found if isinstance(found, str) else 'no probabilities were logged'}")
    train = np.array([log.train["eval_loss" if honest else "loss"] for log in logs])
    gaps = found.loss - train[:, None]
    if honest:
        means = gaps.mean(axis=1, keepdims=True)
        gaps = means + (gaps - means) * _of_two_samples(gaps.shape[1], [log.train.get("eval_n") for log in logs])
    return mean_difference(found, gaps, "nats")


def _best(run: Run) -> EpochLog | None:
    best = measures.best_epoch(run)
    return run.at(best.epoch) if best else None


def _of_two_samples(n: int, measured: Sequence[float | None]) -> float:
    """How much wider the spread is for training images being drawn as well, theirs taken to be as large as that of validation."""
    sizes = [size for size in measured if size]
    return float((1 + n / min(sizes)) ** 0.5) if len(sizes) == len(measured) else 2**0.5
