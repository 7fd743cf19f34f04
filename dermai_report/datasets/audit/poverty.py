"""Pictures that show little: too small, of one grey, dark, bright, or blurred. Worth a look; not wrong for that.

Measured on thumbnails, so what is called blurred lacks detail at 64 pixels a side. Of 398 photographs none was called so, and of the same
photographs blurred by 3 % of their side four in five.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from dermai_report.audit import Poverty
from dermai_report.datasets.audit.facts import Facts

TINY = 32  # pixels of the shorter side: the smallest that networks of the usual kind take
BLANK = 3.0  # standard deviation of the greys, of 255
DARK, BRIGHT = 30, 235  # greys that 95 % of a dark picture stay under, and of a bright one over
BLURRED = 0.03  # mean change to the neighbours at 64 pixels a side, over the standard deviation of the greys
SHARP = 64  # pixels of the shorter side: a smaller picture is soft at 64 whatever it shows
BATCH = 4096


def poor(facts: Facts) -> Iterator[tuple[int, Poverty, float]]:
    """The numbers of the readable pictures that show little, why (the first reason that holds), and its measure."""
    for start in range(0, len(facts), BATCH):
        greys = facts.thumbnail[start : start + BATCH].reshape(-1, facts.thumbnail[0].size)
        spread = greys.std(axis=1)
        low, high = np.percentile(greys, [5, 95], axis=1)
        soft = facts.sharpness[start : start + BATCH] / np.maximum(spread, 1e-6)
        sides = np.array([min(h.width, h.height) if h else TINY for h in facts.header[start : start + BATCH]])
        measures: list[tuple[Poverty, np.ndarray, np.ndarray]] = [
            ("tiny", sides, sides < TINY),
            ("blank", spread, spread < BLANK),
            ("dark", high, high < DARK),
            ("bright", low, low > BRIGHT),
            ("blurred", soft, (soft < BLURRED) & (sides >= SHARP)),
        ]
        for place in np.flatnonzero(np.any([holds for *_, holds in measures], axis=0)).tolist():
            if facts.readable[start + place]:
                yield next((start + place, why, float(value[place])) for why, value, holds in measures if holds[place])
