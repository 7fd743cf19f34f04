"""What a different mix of classes does to the accuracy."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from dermai_report.measures.cache import once_per_run
from dermai_report.measures.groups import group_codes
from dermai_report.measures.intervals import Z95, half_width
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
    presence on the mix. The interval is that of the influences of both sets' samples (groups, where logged): a validation
    sample moves the accuracy and the recall of its class, a test sample the mix. A recall of 0 or 1 has noise as well.
    """
    val, test = run.predictions.get("val"), run.predictions.get("test")
    if val is None or test is None or not len(val) or not len(test):
        return None
    k = len(run.classes)
    n_val, n_test = (np.bincount(split.label, minlength=k) for split in (val, test))
    hit_val, hit_test = (np.bincount(s.label[s.label == s.predicted], minlength=k) for s in (val, test))
    recall_test = np.divide(hit_test, n_test, out=np.zeros(k), where=n_test > 0)
    recall = np.divide(hit_val, n_val, out=recall_test, where=n_val > 0)
    mix_val, mix_test = n_val / n_val.sum(), n_test / n_test.sum()
    accuracy, expected = float(mix_val @ recall), float(mix_test @ recall)
    weight = np.divide(mix_test, mix_val, out=np.zeros(k), where=n_val > 0)
    right = val.label == val.predicted
    moved = (right - accuracy) - weight[val.label] * (right - recall[val.label])
    halves = _half(moved, val), _half(expected - recall[test.label], test)
    part = accuracy - expected
    if halves[0] is None or halves[1] is None:
        return Shift(part, None)
    smooth = (hit_val + 1) / (n_val + 2)  # Laplace
    unseen = np.maximum(smooth * (1 - smooth) - recall * (1 - recall), 0)
    half = math.hypot(halves[0], halves[1], Z95 * math.sqrt(float(n_val @ ((1 - weight) ** 2 * unseen))) / len(val))
    return Shift(part, (part - half, part + half))


def _half(influence: np.ndarray, outcome: Predictions) -> float | None:
    return half_width(influence - influence.mean(), group_codes(outcome))
