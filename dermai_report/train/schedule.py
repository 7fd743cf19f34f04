"""The learning rate of every step, as a pure function of where the run stands.

No scheduler object holds a state: what a resumed run needs is in its log.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from torch.optim import Optimizer

from dermai_report.train import strategies
from dermai_report.train.config import TrainConfig


@dataclass(frozen=True)
class Moment:
    """Where a run stands.

    step: optimizer updates done since the warm-up; steps: updates in all after it; val_losses: those of the current phase.
    """

    step: int
    steps: int
    steps_per_epoch: int
    val_losses: tuple[float, ...] = ()

    @property
    def progress(self) -> float:
        """Part of the run that is done, in [0, 1]."""
        return min(self.step / max(self.steps, 1), 1.0)

    @property
    def epochs_done(self) -> float:
        """Epochs done, with fractions."""
        return self.step / self.steps_per_epoch


def factor(config: TrainConfig, step: int, steps_per_epoch: int, val_losses: tuple[float, ...]) -> float:
    """The factor on every learning rate at the `step`-th update (from 0): linear warm-up, then the chosen course, at last
    the constant rate of weight averaging where one is set."""
    usual, turned = _usual(config, step, steps_per_epoch, val_losses), _turned(config, step, steps_per_epoch)
    return usual + turned * (config.swa_lr / config.lr - usual)


def _usual(config: TrainConfig, step: int, steps_per_epoch: int, val_losses: tuple[float, ...]) -> float:
    warmup = config.warmup_epochs * steps_per_epoch
    if step < warmup:
        return (step + 1) / warmup
    steps = config.epochs * steps_per_epoch - warmup
    course = strategies.load("schedule", config.schedule)
    value: float = course.factor(Moment(step - warmup, steps, steps_per_epoch, val_losses), config)
    return value


def _turned(config: TrainConfig, step: int, steps_per_epoch: int) -> float:
    """How far the learning rate has turned to that of the averaging, in [0, 1]; along a cosine, as torch's SWALR does."""
    since = step / steps_per_epoch - config.epochs_before_averaging
    if not config.swa_lr or since < 0:
        return 0.0
    place = min(since / config.swa_anneal_epochs, 1.0) if config.swa_anneal_epochs else 1.0
    return (1 - math.cos(math.pi * place)) / 2


def set_learning_rates(optimizer: Optimizer, value: float) -> None:
    """Multiply each group's own learning rate ("base_lr") by the factor."""
    for group in optimizer.param_groups:
        group["lr"] = group["base_lr"] * value
