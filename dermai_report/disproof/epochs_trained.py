"""How many epochs were trained: what a run costs, whatever else the machine was doing.

When it is wrong: epochs need not take equally long.
"""

from __future__ import annotations

from collections.abc import Sequence

from dermai_report.disproof._measured import Measured, Pair
from dermai_report.disproof._repeated import mean_difference

LABEL = "epochs trained"
LOWER, HIGHER = "fewer", "more"
COUNTED = True


def measure(pairs: Sequence[Pair], split: str) -> Measured:
    """Counted; over seeds, their mean."""
    before, now = ([float(len(run.epochs)) for run in side] for side in zip(*pairs, strict=True))
    if any(run.status == "running" for pair in pairs for run in pair):
        return Measured("count", before[0], basis="a run is still running")
    return mean_difference(before, now, "count") if len(pairs) > 1 else Measured("count", before[0], now[0], basis="counted")
