"""Where errors go: whether one class is taken for another more often than errors at random would be."""

from __future__ import annotations

import numpy as np

from dermai_report.measures.cache import once_per_run
from dermai_report.measures.comparison import confusion_p
from dermai_report.measures.groups import group_codes
from dermai_report.measures.subgroups import worse
from dermai_report.run import Run

CLEAR = 0.2  # a pair that is no clearer than that by Fisher's test makes no finding, whatever its groups say


@once_per_run
def confused_p(run: Run) -> np.ndarray:
    """p (k, k) of the errors of class i going to j no more often than those of the remaining classes; 1 without a test, and at i = j.

    Fisher's test on the counts (see `confusion_p`); not adjusted for the number of pairs. Where samples carry a group, the
    errors of one patient tend to go one way, and a pair that Fisher's test finds must also stand when whole groups get random signs
    (see `worse`): the larger of both p. With fewer than five groups of either kind of errors nothing is found.
    """
    if run.test is None or run.test.confusion is None:
        return np.ones((len(run.classes), len(run.classes)))
    counts, outcome = np.array(run.test.confusion), run.predictions.get("test")
    k = len(counts)
    p = np.array([[1.0 if i == j else confusion_p(counts, i, j) for j in range(k)] for i in range(k)]).reshape(k, k)
    codes = group_codes(outcome)
    if outcome is None or codes is None:
        return p
    wrong = outcome.label != outcome.predicted
    label, called, codes = outcome.label[wrong], outcome.predicted[wrong], codes[wrong]
    for i, j in np.argwhere(p < CLEAR):
        other = label != j
        grouped = worse(called[other] != j, label[other] == i, codes=codes[other])
        p[i, j] = 1.0 if grouped is None else max(p[i, j], grouped)
    return p
