"""The best epoch.

Of one pair of runs the interval spans the epochs that the validation images cannot tell from the best of each.

When it is wrong: the epochs that are kept hold the truly best one in 95 of 100 runs, so both do in at least 90 of 100.
"""

from __future__ import annotations

from collections.abc import Sequence

from dermai_report import measures
from dermai_report.disproof._measured import Measured, Pair
from dermai_report.disproof._repeated import mean_difference

LABEL = "best epoch"
LOWER, HIGHER = "earlier", "later"


def measure(pairs: Sequence[Pair], split: str) -> Measured:
    """By the epochs that are as good, or over seeds by the best ones."""
    best = [(measures.best_epoch(pair.baseline), measures.best_epoch(pair.run)) for pair in pairs]
    known = [(a, b) for a, b in best if a is not None and b is not None]
    if len(known) < len(best):
        return Measured("epoch", basis="no validation metric was logged")
    if len(known) > 1:
        return mean_difference([a.epoch for a, _ in known], [b.epoch for _, b in known], "epoch")
    before, now = known[0]
    span = measures.best_epochs_apart(before, now)
    basis = "the epochs that are as good" if span else "no interval: which epochs are as good cannot be told"
    return Measured("epoch", before.epoch, now.epoch, span, basis)
