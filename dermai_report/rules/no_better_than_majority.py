"""The model is no better than always naming the most frequent class.

What it checks: whether the test accuracy's 95 % interval reaches down to the share of the most frequent class.

Why it matters: such a model has learned nothing that a constant would not do.

When it is wrong: a model tuned for rare classes may give up accuracy on purpose; look at balanced accuracy.

How sure: calibrated: the chance that the model is no better than the constant, from the samples on which one of the
two is right; counted where the model names that class for every sample.
"""

from collections.abc import Iterator
from statistics import NormalDist

import numpy as np

from dermai_report import actions, measures, wording
from dermai_report.report import Advice, Finding
from dermai_report.run import Predictions, Run

NEEDS = ("test.confusion",)
WORST = "error"
UNDECIDED = 0.5
MOST = 0.98  # what no test here goes beyond, as in measures.evidence


def check(run: Run) -> Iterator[Finding]:
    """Compare the test accuracy with the majority class."""
    s = measures.test_scores(run)
    if s is None or s.accuracy is None or s.majority_accuracy is None or s.accuracy_ci95 is None:
        return
    if s.accuracy_ci95[0] > s.majority_accuracy:
        return
    message = (
        f"The test accuracy is {wording.percent(s.accuracy)} (95 % interval {wording.percent_interval(s.accuracy_ci95)}); "
        f"always naming the most frequent class would give {wording.percent(s.majority_accuracy)}."
    )
    chance = _no_better(np.array(s.confusion), run.predictions.get("test"))
    yield Finding(
        title="No better than naming the most frequent class"
        if chance is None or chance > UNDECIDED
        else "Not shown to be better than naming the most frequent class",
        severity="error",
        confidence=1.0 if chance is None else min(chance, MOST),
        basis="counted" if chance is None else "calibrated",
        message=message,
        evidence={"accuracy": s.accuracy, "ci95": s.accuracy_ci95, "majority": s.majority_accuracy},
        advice=[Advice(actions.BALANCE_CLASSES, message), Advice(actions.UNFREEZE_GRADUALLY, message)],
    )


def _no_better(confusion: np.ndarray, outcome: Predictions | None) -> float | None:
    """Chance that the model is no better than the constant; None where it names the most frequent class for every sample.

    From the paired difference of the two, which rests on the samples that only one of them has right, and on whole groups where logged.
    """
    c = int(confusion.sum(axis=1).argmax())
    if confusion[:, c].sum() == confusion.sum():
        return None
    gained = int(np.trace(confusion) - confusion[c, c])
    lost = int(confusion[c].sum() - confusion[c, c])
    low, high = measures.difference_interval(gained, lost, int(confusion.sum()))
    codes = measures.group_codes(outcome)
    if outcome is not None and codes is not None:
        low, high = measures.gained_interval(outcome.label, np.full_like(outcome.label, c), outcome.predicted, codes)
    middle, error = (low + high) / 2, (high - low) / 2 / measures.Z95
    return NormalDist().cdf(-middle / error)
