"""The errors cannot be looked at: no test predictions were logged.

What it checks: a run with a test score or none, but without per-sample predictions.

Why it matters: without them there is no confusion matrix, no score of a class, no interval, no calibration; which
classes are taken for which, whether labels are wrong and whether rare classes suffer stays unknown.

When it is wrong: never; it says what is missing.

How sure: counted: it is read from the log and certain if the log is right.
"""

from collections.abc import Iterator

from dermai_report import actions, wording
from dermai_report.report import Advice, Finding
from dermai_report.run import Run

NEEDS = ()
WORST = "warning"
LITTLE = 0.2  # missing data is no evidence: these are places to look, once there is something to look at


def check(run: Run) -> Iterator[Finding]:
    """Say what is missing, and what can be looked at once it is there."""
    if not run.epochs or "test" in run.predictions or (run.test is not None and run.test.confusion is not None):
        return
    score = run.test.accuracy if run.test else None
    wrong = (
        f"{wording.percent(1 - score)} of the test images are classified wrongly, but which is not known"
        if score is not None
        else ("No test evaluation was logged")
    )
    interval = "" if run.count("test") is not None else ", and no interval"
    message = f"{wrong}: without predictions there is no confusion matrix, no score by class{interval}."
    look = f"{wrong}: log the predictions, then the confusion matrix shows the pairs."
    unseen = "Whether rare classes suffer cannot be seen without a score of each class; look before changing anything."
    labels = f"{wrong}; wrong labels cannot be told from hard images without predictions."
    yield Finding(
        title="No test predictions were logged",
        severity="warning",
        confidence=1.0,
        basis="counted",
        message=message,
        evidence={"test_accuracy": score},
        advice=[
            Advice(actions.LOG_PREDICTIONS, message),
            Advice(actions.LOOK_AT_CONFUSIONS, look, LITTLE),
            Advice(actions.CHECK_LABELS, labels, LITTLE),
            *([] if run.data.counts else [Advice(actions.COUNT_CLASSES, "The images of each class were not counted.", LITTLE)]),
            Advice(actions.BALANCE_CLASSES, unseen, LITTLE / 3),
        ],
    )
