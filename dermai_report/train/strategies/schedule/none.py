"""The same learning rate throughout."""

from __future__ import annotations

from dermai_report.train.config import TrainConfig
from dermai_report.train.schedule import Moment


def factor(moment: Moment, config: TrainConfig) -> float:
    """Always 1."""
    return 1.0
