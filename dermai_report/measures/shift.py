"""What a different mix of classes does to the accuracy."""

from __future__ import annotations

import numpy as np

from dermai_report.measures.cache import once_per_run
from dermai_report.run import Run


@once_per_run
def label_shift(run: Run) -> float | None:
    """The part of the drop from validation to test that the class mix explains, as a fraction of accuracy.

    acc_val - sum_c p_test(c) recall_val(c): Kitagawa 1955, JASA 50:1168. A test class absent from validation has no
    validation recall; its test recall stands in, which puts the whole effect of its presence on the mix. None without the
    predictions of both splits.
    """
    val, test = run.predictions.get("val"), run.predictions.get("test")
    if val is None or test is None or not len(val) or not len(test):
        return None
    k = len(run.classes)
    n_val, n_test = (np.bincount(split.label, minlength=k) for split in (val, test))
    hit_val, hit_test = (np.bincount(s.label[s.label == s.predicted], minlength=k) for s in (val, test))
    recall_test = np.divide(hit_test, n_test, out=np.zeros(k), where=n_test > 0)
    recall = np.divide(hit_val, n_val, out=recall_test, where=n_val > 0)
    return float(hit_val.sum() / n_val.sum() - (n_test / n_test.sum()) @ recall)
