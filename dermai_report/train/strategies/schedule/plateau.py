"""Lower the learning rate when the validation loss stops falling: the original recipe.

The rule of torch's ReduceLROnPlateau (mode min, relative threshold 1e-4), replayed over the losses so far.
"""

from __future__ import annotations

import math

from dermai_report.train.config import TrainConfig
from dermai_report.train.schedule import Moment

THRESHOLD = 1e-4  # a fall of less than 0.01 % is no progress


def factor(moment: Moment, config: TrainConfig) -> float:
    """`plateau_factor` to the power of the number of plateaus met so far."""
    best, waited, plateaus = math.inf, 0, 0
    for loss in moment.val_losses:
        if loss < best * (1 - THRESHOLD):
            best, waited = loss, 0
        else:
            waited += 1
        if waited > config.plateau_patience:
            plateaus, waited = plateaus + 1, 0
    return config.plateau_factor**plateaus
