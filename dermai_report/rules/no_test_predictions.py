"""The errors cannot be looked at: no test predictions were logged.

What it checks: a run with a test score or none, but without per-sample predictions.

Why it matters: without them there is no confusion matrix, no score of a class, no interval, no calibration; which
classes are taken for which, whether labels are wrong and whether rare classes suffer stays unknown.

When it is wrong: never; it says what is missing.
"""

from collections.abc import Iterator

from dermai_report import actions, wording
from dermai_report.report import Advice, Finding
from dermai_report.run import Run

NEEDS = ()


def check(run: Run) -> Iterator[Finding]:
    """Say what is missing, and what can be looked at once it is there."""
    if not run.epochs or "test" in run.predictions or (run.test is not None and run.test.confusion is not None):
        return
    score = run.test.accuracy if run.test else None
    wrong = (
        f"{wording.percent(1 - score)} of the test images are wrong, but which is not known"
        if score is not None
        else ("No test evaluation was logged")
    )
    message = f"{wrong}: without predictions there is no confusion matrix, no score by class, and no interval."
    look = f"{wrong}: log the predictions, then the confusion matrix shows the pairs."
    yield Finding(
        title="No test predictions were logged",
        severity="warning",
        confidence=0.99,
        message=message,
        evidence={"test_accuracy": score},
        advice=[
            Advice(actions.LOG_PREDICTIONS, message),
            Advice(actions.LOOK_AT_CONFUSIONS, look),
            Advice(actions.CHECK_LABELS, f"{wrong}; wrong labels cannot be told from hard images without predictions."),
            *([] if run.data.counts else [Advice(actions.COUNT_CLASSES, "The number of images a class was not logged.")]),
            Advice(actions.BALANCE_CLASSES, "Whether rare classes suffer cannot be seen without a score of each class."),
        ],
    )
