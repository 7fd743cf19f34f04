"""The epochs so far, and what they decide: which is best, when a phase is over, when to stop."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from dermai_report.train.config import TrainConfig


@dataclass
class History:
    """Validation losses and scores (higher is better), epoch by epoch, and the epoch before the present phase began."""

    losses: list[float] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)
    phase_start: int = 0

    @property
    def epochs(self) -> int:
        """Epochs done."""
        return len(self.losses)

    @property
    def phase_losses(self) -> tuple[float, ...]:
        """Validation losses of the present phase."""
        return tuple(self.losses[self.phase_start :])

    def add(self, val: dict[str, float], best_by: str) -> bool:
        """Take in an epoch; true when it is the best so far. A score that is not a number is never the best."""
        value = val[best_by.removeprefix("val_")]
        score = -value if best_by == "val_loss" else value
        is_best = not math.isnan(score) and all(math.isnan(s) or score > s for s in self.scores)
        self.losses.append(val["loss"])
        self.scores.append(score)
        return is_best

    @property
    def best_epoch(self) -> int | None:
        """The epoch with the best score, the first of equals; None while there is none."""
        return next(iter(self.best_epochs(1)), None)

    def best_epochs(self, size: int) -> list[int]:
        """Up to `size` epochs, the best first, earlier ones first among equals."""
        ranked = sorted((-score, epoch) for epoch, score in enumerate(self.scores, start=1) if not math.isnan(score))
        return [epoch for _, epoch in ranked[:size]]

    def enter_phase(self, config: TrainConfig, phases: int) -> int:
        """Which phase (from 0) the next epoch belongs to, replayed over the epochs so far; sets where it began.

        The next layers are unfrozen after so many epochs, or so many without progress.
        """
        number, self.phase_start = 0, 0
        for done in range(1, self.epochs + 1):
            losses = tuple(self.losses[self.phase_start : done])
            waited = len(losses) if config.unfreeze_by == "epoch" else without_progress(losses, 0.0)
            if number < phases - 1 and waited >= config.unfreeze_every:
                number, self.phase_start = number + 1, done
        return number

    def stops_early(self, config: TrainConfig) -> bool:
        """Whether the validation loss has not fallen for `early_stopping` epochs of this phase, those of averaged weights where
        they are averaged: a run that stopped before would average nothing."""
        start = max(self.phase_start, config.epochs_before_averaging)
        waited = without_progress(tuple(self.losses[start:]), config.min_delta)
        return 0 < config.early_stopping <= waited


def without_progress(losses: tuple[float, ...], min_delta: float) -> int:
    """Epochs since the loss last fell by more than `min_delta` below the lowest before."""
    best, waited = math.inf, 0
    for loss in losses:
        if loss < best - min_delta:
            best, waited = loss, 0
        else:
            waited += 1
    return waited
