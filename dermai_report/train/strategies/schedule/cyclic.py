"""Triangles between a tenth of the learning rate and all of it (Smith 2017, arXiv:1506.01186)."""

from __future__ import annotations

from dermai_report.train.config import TrainConfig
from dermai_report.train.schedule import Moment

LOWEST = 0.1
EPOCHS_PER_CYCLE = 4  # the paper advises half cycles of 2 to 10 epochs; short, for the usual ten epochs


def factor(moment: Moment, config: TrainConfig) -> float:
    """Up and down within EPOCHS_PER_CYCLE epochs, or within the whole run when it is shorter."""
    period = min(EPOCHS_PER_CYCLE, config.epochs)
    place = (moment.epochs_done % period) / period
    return LOWEST + (1 - LOWEST) * (1 - abs(2 * place - 1))
