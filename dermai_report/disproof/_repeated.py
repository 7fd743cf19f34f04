"""Numbers that a run has as a whole: over seeds they are repeated, and what one run says of itself is all there is for one seed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dermai_report.disproof._measured import Measured
from dermai_report.measures.replicates import over_folds
from dermai_report.report import Unit


def mean_difference(before: Sequence[float], now: Sequence[float], unit: Unit) -> Measured:
    """Of one number a seed without and with the action (S,), 2 seeds or more: Student's interval of the mean difference."""
    moved = over_folds(np.subtract(now, before), 0.0)  # no folds, so no overlap of folds to allow for
    start = float(np.mean(before))
    return Measured(unit, start, start + moved.value, moved.ci95, f"{len(before)} seeds")
