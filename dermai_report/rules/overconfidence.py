"""The validation loss rises while the accuracy holds: overconfidence, not lost skill.

What it checks: the detector of overfitting finds a rise in the validation loss, but none in the error rate of the same
epochs.

Why it matters: the model decides as well as before and is only surer when it is wrong. The remedy is calibration, or a
loss that punishes confidence, rather than an earlier checkpoint.

When it is wrong: an accuracy moves in steps of one sample and is noisier than a loss, so a small loss of skill can hide
in it.

How sure: calibrated, as for overfitting: that the loss rises.

Source: Guo et al. 2017, section 3 (the likelihood overfits while the classification error does not).
"""

from collections.abc import Iterator

from dermai_report import actions, measures, wording
from dermai_report.report import Advice, Finding
from dermai_report.run import Run

NEEDS = ("val.loss", "val.accuracy")
WORST = "warning"


def check(run: Run) -> Iterator[Finding]:
    """Compare the verdict on the loss with that on the error rate."""
    if not measures.loses_confidence_only(run):
        return
    by_loss, calibration = measures.overfitting(run), measures.calibration(run)
    message = (
        f"From epoch {by_loss.onset_epoch} on the validation loss rises, while the validation accuracy holds "
        f"({wording.percent(run.epochs[-1].val.get('accuracy'))} at the last epoch): the model is surer when it is wrong, rather "
        "than wrong more often."
    )
    if calibration is not None and calibration.overconfidence is not None:
        message += (
            f" On the test set its mean confidence is {wording.points(calibration.overconfidence, 1)} from its accuracy "
            f"(expected calibration error {wording.points(calibration.ece, 1)})."
        )
    yield Finding(
        title="Overconfidence rather than lost skill",
        severity="warning",
        confidence=by_loss.confidence,
        basis="calibrated",
        message=message,
        evidence={"onset_epoch": by_loss.onset_epoch, "confidence_of_the_rise": by_loss.confidence},
        advice=[Advice(actions.LABEL_SMOOTHING, message), Advice(actions.TEMPERATURE, message), Advice(actions.MIX, message)],
    )
