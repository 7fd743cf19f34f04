"""The training loss itself rises: the optimisation diverges.

What it checks: whether the training loss, tested as the validation loss is tested for overfitting, rises beyond its
noise.

Why it matters: a training loss that rises is no matter of generalisation: the step is too large, or the data changed.

When it is wrong: augmentation, MixUp or a newly unfrozen layer that start during the run raise the training loss on
purpose.

How sure: calibrated, as for overfitting: the same test on the training loss.

Source: the same order-restricted test as for overfitting.
"""

from collections.abc import Iterator

from dermai_report import actions, learning_rates, measures, wording
from dermai_report.report import Advice, Finding
from dermai_report.run import Run

NEEDS = ("train.loss", "epochs.5")
WORST = "error"


def check(run: Run) -> Iterator[Finding]:
    """Report a training loss that rises."""
    losses = run.series("train", "loss")
    found = measures.detect_overfitting(None, losses, epochs=[e.epoch for e in run.epochs])
    if not found.overfit or found.rise is None:
        return
    message = (
        f"The training loss rises from epoch {found.onset_epoch} on, to {wording.nats(losses[-1])} at the end "
        f"({wording.percent(found.rise, 0)} above its lowest level): that is divergence, not overfitting."
    )
    advice = [Advice(learning_rates.lower_rate(run), message), Advice(actions.CLIP_GRADIENTS, message)]
    yield Finding(
        title="The training loss rises",
        severity="error",
        confidence=found.confidence,
        basis="calibrated",
        message=message,
        evidence={"onset_epoch": found.onset_epoch, "rise": found.rise},
        advice=advice,
    )
