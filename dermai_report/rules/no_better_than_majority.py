"""The model is no better than always naming the most frequent class.

What it checks: whether the test accuracy's 95 % interval reaches down to the share of the most frequent class.

Why it matters: such a model has learned nothing that a constant would not do.

When it is wrong: a model tuned for rare classes may give up accuracy on purpose; look at balanced accuracy.
"""

from collections.abc import Iterator

from dermai_report import actions, measures, wording
from dermai_report.report import Advice, Finding
from dermai_report.run import Run

NEEDS = ("test.confusion",)
WORST = "error"


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
    yield Finding(
        title="Not shown to be better than naming the most frequent class",
        severity="error",
        confidence=0.95 if s.accuracy_ci95[1] < s.majority_accuracy else 0.8,
        message=message,
        evidence={"accuracy": s.accuracy, "ci95": s.accuracy_ci95, "majority": s.majority_accuracy},
        advice=[Advice(actions.BALANCE_CLASSES, message), Advice(actions.UNFREEZE_GRADUALLY, message)],
    )
