"""Average precision: the precision at the rank of each sample of the class, averaged. It sees rare classes where AUROC does not."""

from __future__ import annotations

import numpy as np

from dermai_report.measures.intervals import wilson
from dermai_report.measures.ranking import FEWEST, Area, Ranked, independent, logit_interval, spread_of


def average_precision(ranked: Ranked, codes: np.ndarray | None = None) -> tuple[Area, np.ndarray]:
    """Average precision, and each sample's influence on it (n,); codes: group numbers (n,).

    Tied samples share the precision at the end of their tie, as scikit-learn has it. The interval is the wider of that of the
    influences and that of as many independent trials as there are positives (Boyd, Eng and Page 2013, ECML PKDD, LNCS 8190:451;
    Wilson's here): the first falls short where few positives are mixed with many negatives. Conservative near 1.
    """
    positive, code, ups, downs = ranked
    m = float(ups.sum())
    if not m or not downs.sum():
        return Area(None, None), np.zeros(len(positive))
    above_up, above_down = (np.cumsum(side[::-1])[::-1] for side in (ups, downs))
    both = np.maximum(above_up + above_down, 1)
    precision = above_up / both
    area = float(ups @ precision) / m
    # One more positive at a place raises the precision of every positive there and below; one more negative lowers it.
    raised, lowered = (np.cumsum(ups * side / both**2) / m for side in (above_down, above_up))
    influence = np.where(positive, ((precision - area) / m + raised)[code], -lowered[code])
    trials = independent(positive, codes)
    low, high = wilson(area * trials, trials)
    if trials >= FEWEST and 0 < area < 1:
        seen = logit_interval(area, spread_of(influence, codes), trials)
        low, high = min(low, seen[0]), max(high, seen[1])
    return Area(area, (low, high)), influence
