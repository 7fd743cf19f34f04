"""No more look-alikes of a picture than tell what there is to tell: a thousand copies of one picture are half a million pairs."""

from __future__ import annotations

import numpy as np


def in_turns(asking: np.ndarray, side: np.ndarray, badness: np.ndarray, most: int) -> np.ndarray:
    """Which (m,) pairs to keep: at most `most` of each asking picture, the best of each side first, then the second best of each, ...

    asking, side (m,): the picture, and on which side (split and class) the other is. Of equals the earlier stays.
    """
    if len(asking) <= most:
        return np.ones(len(asking), bool)
    order = np.lexsort((badness, side, asking))
    turn = _rank(asking[order], side[order])
    order = order[np.lexsort((badness[order], turn, asking[order]))]
    kept = np.zeros(len(asking), bool)
    kept[order[_rank(asking[order]) < most]] = True
    return kept


def best_of_each(one: np.ndarray, other: np.ndarray, badness: np.ndarray) -> np.ndarray:
    """Of (m,) pairs of which some stand there several times the place of the best of each, in order."""
    order = np.lexsort((badness, other, one))
    best: np.ndarray = order[_rank(one[order], other[order]) == 0]
    return best


def _rank(*columns: np.ndarray) -> np.ndarray:
    """Of sorted rows, the how manieth each is of those that are equal in these columns."""
    n = len(columns[0])
    begins = np.zeros(n, bool)
    begins[:1] = True
    for column in columns:
        begins[1:] |= column[1:] != column[:-1]
    starts = np.flatnonzero(begins)
    rank: np.ndarray = np.arange(n) - np.repeat(starts, np.diff(np.append(starts, n)))
    return rank
