"""Curves that fall and then rise along a line: how much better they explain many curves at once than falling alone.

A valley may rise in any way, and so pays for every way it could have. Overfitting mostly rises steadily, or rises and levels off:
looking for these two alone finds it in noise where the free valley does not.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from dermai_report.measures.isotonic import Floats, Valleys

LEVELS_OFF = (1.0, 0.5)  # a rise to the end, and one over the first half of what is left: the two that a log shows most


def ramp_gains(y: Floats, valleys: Valleys) -> Floats:
    """Sums of squares (rows, shapes * n) that ramps explain of curves y (rows, n) beyond the best falling fit, none below 0.

    A ramp leaves the best fall over the first k points, k from 0, at a level of its own, and rises along a line from there.
    """
    centred = y - y.mean(axis=1, keepdims=True)
    rest = np.cumsum(centred[:, ::-1], axis=1)[:, ::-1] ** 2 / np.arange(y.shape[1], 0, -1)
    level = valleys.falling[:, :-1] + rest - valleys.falling[:, -1:]
    rises = [np.maximum(centred @ ramps, 0) ** 2 for ramps in _ramps(y.shape[1])]
    gains: Floats = np.maximum(np.concatenate([level + rise for rise in rises], axis=1), 0)
    return gains


@lru_cache(maxsize=128)
def _ramps(n: int) -> tuple[Floats, ...]:
    """For each shape, n columns (n, n): the ramp that begins at k, with mean 0 and length 1 over the points from k on."""
    steps = np.arange(n)[:, None] - np.arange(n)[None]
    left = np.arange(n, 0, -1)
    tables = []
    for share in LEVELS_OFF:
        height = np.clip(steps, 0, np.maximum(share * (left - 1), 1)).astype(np.float64)
        height = np.where(steps >= 0, height - height.sum(axis=0) / left, 0)
        length = np.sqrt((height**2).sum(axis=0))
        tables.append(np.divide(height, length, out=np.zeros_like(height), where=length > 0))
    return tuple(tables)
