"""The last epoch is not the best one: ship the best checkpoint.

What it checks: whether the last epoch's validation loss (accuracy, where no loss was logged) is worse than the best
epoch's, and whether the data can tell the two apart.

Why it matters: most scripts leave the last epoch's weights in the file that gets shipped.

When it is wrong: where the validation set is small the two epochs may be equally good; then either may be shipped.

How sure: calibrated, by simulated runs that stay at their best or fall from it: with validation samples of each epoch
.95 where they tell the two epochs apart, and .4 where they do not; without, the chance that the noise of the curve leaves.
"""

from collections.abc import Iterator

import numpy as np

from dermai_report import actions, measures, wording
from dermai_report.measures.epochs import PAIRED
from dermai_report.report import Advice, BestEpoch, Finding, LastEpoch
from dermai_report.run import Run

NEEDS = ("val.loss|val.accuracy",)
WORST = "info"
SHOWN = 0.5  # above it the title says so
UNDECIDED = 0.4  # where nothing tells: .39 of 2,212 simulated findings were right whose samples cannot tell the epochs apart
PATIENCE = 3  # fewer epochs after the best are no reason to stop sooner: any run has some


def check(run: Run) -> Iterator[Finding]:
    """Compare the last epoch with the best."""
    best, last = measures.best_epoch(run), measures.last_epoch(run)
    if best is None or last is None or last.epoch == best.epoch:
        return
    shown = [
        (f"loss {wording.nats(loss)}, " if best.by == "val_loss" else "") + f"accuracy {wording.percent(accuracy)}"
        for loss, accuracy in ((best.val_loss, best.val_accuracy), (last.val_loss, last.val_accuracy))
    ]
    message = f"Epoch {best.epoch} is the best on validation ({shown[0]}); the last, epoch {last.epoch}, has {shown[1]}"
    if last.train_loss is not None and best.train_loss is not None and last.train_loss < best.train_loss:
        message += f", while the training loss still improves ({best.train_loss:.4f} to {last.train_loss:.4f})"
    confidence, words = _how_sure(run, best, last)
    message = f"{message}. {words}"
    after = last.epoch - best.epoch
    advice = [Advice(actions.SHIP_BEST, message)]
    if after >= PATIENCE:
        why = f"{wording.plural(after, 'epoch')} ran after the best one without improving on it."
        advice.append(Advice(actions.EARLY_STOPPING, why, support=0.5))
    yield Finding(
        title=f"Epoch {best.epoch} is better than the last epoch, {last.epoch}"
        if confidence > SHOWN
        else f"The best epoch is {best.epoch}; whether the last, {last.epoch}, is worse cannot be told",
        severity="info",
        confidence=confidence,
        basis="calibrated",
        message=message,
        evidence={"best_epoch": best.epoch, "last_epoch": last.epoch, "by": best.by},
        advice=advice,
    )


def _how_sure(run: Run, best: BestEpoch, last: LastEpoch) -> tuple[float, str]:
    """The confidence that the last epoch is really worse than the best, and on what it rests."""
    if (last.val_loss if best.by == "val_loss" else last.val_accuracy) is None:
        return UNDECIDED, "The last epoch was not validated."
    paired = best.indistinguishable_basis == PAIRED and run.val_epochs is not None and last.epoch in run.val_epochs.epochs
    if last.epoch in best.indistinguishable and paired:
        return UNDECIDED, f"The validation data cannot tell the two apart ({best.indistinguishable_basis})."
    if paired:
        return 0.95, f"The validation data tell the two apart ({best.indistinguishable_basis})."
    if best.val_accuracy is not None and last.val_accuracy is not None and last.val_accuracy > best.val_accuracy:
        return UNDECIDED, "By accuracy the last epoch is the better one: it decides better, and is surer when it is wrong."
    name = "loss" if best.by == "val_loss" else "accuracy"
    values = np.array(run.series("val", name))
    chance = measures.chance_still_worse(values if name == "loss" else 1 - values)
    return chance, (
        f"Confidence that it is really worse: {wording.confidence(chance)}, from the noise of the curve alone, as the "
        "validation samples of the two epochs were not logged."
    )
