"""What to tell a person when training itself fails: a loss that is no number, memory that does not suffice, a batch too small."""

from __future__ import annotations

import torch

from dermai_report.errors import DermaiError
from dermai_report.train.config import TrainConfig


def diverged(value: float, epoch: int, batch: int, lr: float) -> DermaiError:
    """The error for a training loss that is not finite."""
    return DermaiError(
        f"the training loss became {value} in epoch {epoch}, batch {batch} (learning rate {lr:g})",
        "lower --lr, set --clip-grad-norm 1, or add --warmup-epochs 1; --on-nan skip leaves out such batches; "
        "the run directory keeps the epochs before it",
    )


def is_out_of_memory(error: BaseException) -> bool:
    """Whether torch or Python ran out of memory; on a processor torch says so only in words."""
    words = ("not enough memory", "can't allocate memory", "out of memory")
    known = isinstance(error, MemoryError | torch.OutOfMemoryError)
    return known or (isinstance(error, RuntimeError) and any(w in str(error).lower() for w in words))


def out_of_memory(config: TrainConfig) -> DermaiError:
    """The error for it, with the batch size to try and how to keep the recipe."""
    half = max(config.batch_size // 2, 1)
    smaller = f"--batch-size {half} --accumulate {config.accumulate * 2} trains on the same number of images an update"
    return DermaiError(
        f"out of memory at batch size {config.batch_size}, {config.image_size} pixels",
        smaller if config.batch_size > 1 else f"try a smaller --image-size than {config.image_size}, or a smaller --model",
    )


def is_single_value(error: BaseException) -> bool:
    """Whether BatchNorm was to take the variance of one value, which torch says only in words."""
    return isinstance(error, ValueError) and "more than 1 value per channel" in str(error)


def single_value(config: TrainConfig) -> DermaiError:
    """The error for it: a batch of one image that the last layers have shrunk to one place."""
    return DermaiError(
        f"BatchNorm has no variance at batch size {config.batch_size}, {config.image_size} pixels: one value a channel is left",
        "use --batch-size 2 or more, or a larger --image-size",
    )
