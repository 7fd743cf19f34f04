"""The validation loss rises while training goes on: overfitting.

What it checks: whether the validation loss, fitted as a curve that falls and then rises, rises by more than the noise
of the epochs explains. The confidence joins that test with the size of the rise (under 5 % is not called overfitting)
and with how many epochs after the best one stay high.
A last epoch that stands out alone may be a spike and is no evidence of its own. Where the training loss is shown to rise
as well, the run is unstable rather than overfitted.

Why it matters: from the onset on, further training makes the model worse on new images while the training numbers
improve.

When it is wrong: with one epoch after the best, a spike and an onset look alike, so the verdict is never more than
"provisional". Strongly correlated noise of few epochs is the likeliest false alarm. A loss that rises while accuracy
holds is overconfidence rather than lost skill; see the accuracy beside it.

How sure: calibrated, on simulated curves and on public histories; between .2 and .9 it rather claims too little.

Source: order-restricted inference (Robertson, Wright, Dykstra 1988); Prechelt 1998 for the 5 %.
"""

from collections.abc import Iterator

from dermai_report import actions, measures, wording
from dermai_report.report import Advice, Finding
from dermai_report.run import Run

NEEDS = ("val.loss|val.accuracy", "epochs.5")
WORST = "error"
SEVERITY = {"provisional": "info", "likely": "warning", "certain": "error"}
ALIKE = " In 56 of 73 public cases that rose by 20 % one epoch after the best, a later epoch set a new best."
TITLES = {
    "provisional": "Overfitting is possible, not shown",
    "likely": "Overfitting is likely",
    "certain": "Clear overfitting",
}


def check(run: Run) -> Iterator[Finding]:
    """Report the verdict of the detector, unless it is "none" or "unknown"."""
    found, best = measures.overfitting(run), measures.best_epoch(run)
    if found.verdict not in TITLES or best is None:
        return
    last = run.epochs[-1]
    if best.val_loss is not None:
        now = f"The validation loss goes from {wording.nats(best.val_loss)} at epoch {best.epoch} to "
        now += f"{wording.nats(last.val.get('loss'))} at epoch {last.epoch}"
    else:
        now = f"The validation accuracy goes from {wording.percent(best.val_accuracy)} at epoch {best.epoch} to "
        now += f"{wording.percent(last.val.get('accuracy'))} at epoch {last.epoch}"
    why = f"{now}; confidence in overfitting {wording.confidence(found.confidence)}."
    yield Finding(
        title=TITLES[found.verdict],
        severity=SEVERITY[found.verdict],  # type: ignore[arg-type]
        confidence=found.confidence,
        basis="calibrated",
        message=f"{now}. {found.reason}{ALIKE if found.elevated_epochs == 1 else ''}",
        evidence={
            "onset_epoch": found.onset_epoch,
            "onset_ci90": found.onset_ci90,
            "rise": found.rise,
            "elevated_epochs": found.elevated_epochs,
        },
        advice=[
            Advice(actions.EARLY_STOPPING, why),
            Advice(actions.STRONGER_AUGMENTATION, why),
            Advice(actions.MIX, why),
            Advice(actions.WEIGHT_DECAY, why),
            Advice(actions.DROPOUT, why),
        ],
    )
