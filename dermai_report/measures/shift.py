"""What a different mix of classes does to the accuracy."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from dermai_report.measures.cache import once_per_run
from dermai_report.measures.groups import effective_size, group_codes
from dermai_report.measures.intervals import half_width, wilson
from dermai_report.report import Interval
from dermai_report.run import Predictions, Run


class Shift(NamedTuple):
    """The part of the drop from validation to test that the class mix explains, a fraction of accuracy, and its 95 % interval."""

    part: float
    ci95: Interval | None


@once_per_run
def label_shift(run: Run) -> Shift | None:
    """acc_val - sum_c p_test(c) recall_val(c): Kitagawa 1955, JASA 50:1168. None without the predictions of both splits.

    A test class absent from validation has no validation recall; its test recall stands in, which puts the whole effect of its
    presence on the mix.

    The part is a sum over classes of (share in validation - share in test) x recall. Given the class counts each recall is a
    proportion, so its Wilson limits say how far it may move the part, and the distances add up by squares with the noise of the
    two mixes (MOVER: Zou and Donner 2008, Statistics in Medicine 27:1693). That noise counts twice where a recall is uncertain as
    well: the variance of a product has the product of the variances. Groups, where logged, are kept whole.
    """
    val, test = run.predictions.get("val"), run.predictions.get("test")
    if val is None or test is None or not len(val) or not len(test):
        return None
    k = len(run.classes)
    n_val, n_test = (np.bincount(split.label, minlength=k) for split in (val, test))
    mix_val, mix_test = n_val / n_val.sum(), n_test / n_test.sum()
    source = np.where(n_val > 0, "val", "test")
    recalls = [_recall(val if source[c] == "val" else test, c) for c in range(k)]
    recall = np.array([value for value, _ in recalls])
    expected = float(mix_test @ recall)
    part = float(mix_val @ recall) - expected
    mixes = [_noise(recall[split.label], split) for split in (val, test)]
    if None in mixes:
        return Shift(part, None)
    moved = mix_val - mix_test
    unsure = mix_val * (1 - mix_val) / len(val) + mix_test * (1 - mix_test) / len(test)
    below, above = np.array([(value - low, high - value) for value, (low, high) in recalls]).T
    noise = sum(half**2 for half in mixes if half is not None)
    down, up = (
        math.sqrt(noise + float(((moved**2 + unsure) * np.where(moved > 0, *ways) ** 2).sum()))
        for ways in ((below, above), (above, below))
    )
    return Shift(part, (part - down, part + up))


def _recall(outcome: Predictions, c: int) -> tuple[float, Interval]:
    of_class = outcome.label == c
    if not of_class.any():
        return 0.0, (0.0, 0.0)  # in neither set: it has no part in anything
    hit, codes = outcome.predicted[of_class] == c, group_codes(outcome)
    size = effective_size(hit, None if codes is None else codes[of_class])
    return float(hit.mean()), wilson(float(hit.mean()) * size, size)


def _noise(recalls: np.ndarray, outcome: Predictions) -> float | None:
    """Half of the 95 % interval of the accuracy expected of a split, by its mix of classes alone."""
    return half_width(recalls - recalls.mean(), group_codes(outcome))
