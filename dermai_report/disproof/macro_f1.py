"""Macro F1 of the best epoch's model, on the same images, over the classes that occur or are called.

When it is wrong: with few images of a class its F1 rests on them alone, and the interval, which counts on many, is rough.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dermai_report.disproof._measured import Measured, Pair
from dermai_report.disproof._paired import basis, samples
from dermai_report.measures.paired import f1_averages, f1_difference, f1_moved
from dermai_report.measures.replicates import over_seeds

LABEL = "{split} macro F1"


def measure(pairs: Sequence[Pair], split: str) -> Measured:
    """Paired by image: over seeds, each image's influence on the difference stands for it."""
    found = samples(pairs, split)
    if isinstance(found, str):
        return Measured("percent", basis=f"no interval: {found}")
    half, label = len(pairs), found.label
    sides = list(zip(found.predicted[:half], found.predicted[half:], strict=True))
    averages = [f1_averages(label, was, now) for was, now in sides]
    before, after = (float(np.mean([pair[side].value for pair in averages])) for side in (0, 1))
    if half == 1:
        ci = f1_difference(label, *sides[0], found.codes)[1]
    else:
        rows = [b.value - a.value + f1_moved(a, b, label, *side) for (a, b), side in zip(averages, sides, strict=True)]
        ci = over_seeds(np.stack(rows), found.codes).ci95
    return Measured("percent", before, after, ci, basis(half, found), len(label))
