"""Cosine falls that start anew, each twice as long as the one before (SGDR, arXiv:1608.03983)."""

from __future__ import annotations

import math

from dermai_report.train.config import TrainConfig
from dermai_report.train.schedule import Moment

FIRST_EPOCHS = 2  # with doubling: restarts after epochs 2, 6, 14, 30


def factor(moment: Moment, config: TrainConfig) -> float:
    """1 at each restart, falling to 0 before the next one."""
    length, place = FIRST_EPOCHS, moment.epochs_done
    while place >= length:
        length, place = 2 * length, place - length
    return (1 + math.cos(math.pi * place / length)) / 2
