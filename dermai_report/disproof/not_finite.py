"""Epochs in which a loss was no finite number, and trainings that such a loss ended.

When it is wrong: a training may break down in one seed and not in the next.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from dermai_report.disproof._measured import Measured, Pair
from dermai_report.run import Run

LABEL = "epochs with a loss that is no number"
COUNTED = True


def measure(pairs: Sequence[Pair], split: str) -> Measured:
    """Counted; over seeds, their mean."""
    if any(run.status == "running" for pair in pairs for run in pair):
        return Measured("count", basis="a run is still running")
    before, now = (float(np.mean([_broken(run) for run in side])) for side in zip(*pairs, strict=True))
    return Measured("count", before, now, basis="counted")


def _broken(run: Run) -> int:
    losses = [epoch.metric(split, "loss") for epoch in run.epochs for split in ("train", "val")]
    ended = run.status == "failed" and "loss became" in (run.error or "")  # train/failures.py; the epoch it ends has no line
    return sum(loss is not None and not math.isfinite(loss) for loss in losses) + ended
