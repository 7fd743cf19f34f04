"""Half a cosine from the full learning rate to zero (Loshchilov and Hutter 2017, arXiv:1608.03983)."""

from __future__ import annotations

import math

from dermai_report.train.config import TrainConfig
from dermai_report.train.schedule import Moment


def factor(moment: Moment, config: TrainConfig) -> float:
    """1 at the first step, almost 0 at the last."""
    return (1 + math.cos(math.pi * moment.progress)) / 2
