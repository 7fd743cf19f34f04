"""One rise and one long fall (Smith and Topin 2018, arXiv:1708.07120); the momentum stays as it is."""

from __future__ import annotations

import math

from dermai_report.train.config import TrainConfig
from dermai_report.train.schedule import Moment

RISE, START, END = 0.3, 1 / 25, 1 / 25e4  # torch's OneCycleLR


def factor(moment: Moment, config: TrainConfig) -> float:
    """Cosine from START to 1 in the first RISE of the run, then to END."""
    if moment.progress < RISE:
        return _between(START, 1.0, moment.progress / RISE)
    return _between(1.0, END, (moment.progress - RISE) / (1 - RISE))


def _between(start: float, end: float, place: float) -> float:
    return end + (start - end) * (1 + math.cos(math.pi * place)) / 2
