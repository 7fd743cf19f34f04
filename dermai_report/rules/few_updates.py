"""The weights were updated few times, and the best epoch is near the end: the training was short.

What it checks: how often the optimizer stepped (epochs times training images over the batch size), and whether the best epoch is in the
last part of the run.

Why it matters: on a small data set ten epochs are a few dozen steps, and a network is far from what its data allow. A gap to the training
images is there long before, so it looks like overfitting; regularisers slow the training down further, and make such a run worse.

When it is wrong: weights that were trained on nearly the same images need few steps. Where the validation loss turned early, or the
training images are known by heart, more epochs of the same change nothing, and this says nothing.

How sure: judged: whether more steps would help is known only after taking them.

Source: Kolesnikov et al. 2020 (Big Transfer), who fine-tune on the smallest data sets for 500 steps.
"""

from collections.abc import Iterator

from dermai_report import actions, measures, wording
from dermai_report.report import Advice, Finding
from dermai_report.run import Run

NEEDS = ("counts", "config", "val.loss|val.accuracy", "epochs.5")
WORST = "info"
JUDGED = 0.9  # a judgement, which orders the findings: no measured frequency
FEW = measures.USUAL_STEPS
LATE = 0.7  # convention: from there on the best epoch is near the end
BY_HEART = 0.99  # convention: nearly no training image is left to learn


def check(run: Run, *, few: int = FEW, late: float = LATE) -> Iterator[Finding]:
    """Report fewer than `few` steps when the best epoch comes after the share `late` of the epochs."""
    best, steps, n = measures.best_epoch(run), measures.steps(run), len(run.epochs)
    if best is None or steps is None or steps >= few or best.epoch <= late * n or run.status == "running":
        return
    if (measures.highest_training_accuracy(run) or 0.0) >= BY_HEART:
        return
    images, batch = sum(run.data.counts["train"].values()), run.config["batch_size"]
    message = (
        f"{wording.plural(n, 'epoch')} over {wording.plural(images, 'training image')} in batches of {batch} are {steps:,} steps of the "
        f"optimizer, and the best epoch is {best.epoch}. A published recipe for small data sets takes {FEW}."
    )
    smaller = [actions.SMALLER_BATCHES] if batch > actions.SMALLER_BATCHES.patch["batch_size"] else []
    yield Finding(
        title=f"A short training: {steps:,} steps",
        severity="info",
        confidence=JUDGED,
        basis="judged",
        message=message,
        evidence={"steps": steps, "images": images, "batch_size": batch, "best_epoch": best.epoch},
        advice=[Advice(action, message) for action in (actions.at(actions.TRAIN_LONGER, epochs=2 * n), *smaller)],
    )
