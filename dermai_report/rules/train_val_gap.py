"""Training and validation part: the train-validation gap.

What it checks: from which epoch on the gap stays above twice its own noise to the end, and how large it is at the best
epoch.

Why it matters: a gap says how much of the fit does not carry over to new images; it is where regularisation can win.

When it is wrong: a gap is normal in a network that fits well, and no fault while the validation loss still falls.
Training metrics averaged over an epoch with augmentation and dropout on understate the fit; MixUp and label smoothing
change what a training loss means. The accuracy gap of a small validation set is noisy.

How sure: calibrated, by simulated runs with a gap and without: .75 after one epoch that it has stayed, .87 after two, .94
after three. Where the noise of one epoch lasts into the next it is right less often. How much it matters is not in the
confidence.

Source: the noise is estimated from second differences of the gap, robustly.
"""

from collections.abc import Iterator

from dermai_report import actions, measures, wording
from dermai_report.report import Advice, Finding, Gap
from dermai_report.run import Run

NEEDS = ("val.loss|val.accuracy", "train.loss|train.accuracy", "epochs.5")
WORST = "warning"
# The odds of a gap that has stayed for one epoch, and by how much each further one multiplies them: .75, .87, .94, .97 for one to four.
# Of 2,986, 1,205, 792 and 562 simulated findings .74, .87, .95 and .97 were right (docs/decisions/0036).
ODDS, FURTHER = 3.0, 2.3
SURE = 0.98  # what no confidence here goes beyond, as in measures.evidence
SURELY = 10  # epochs, from which on the odds no longer matter
WIDE = 0.10  # convention: a tenth of the images is known by heart only; advice counts in full from here on
CHANGES = {"mixup": "MixUp", "cutmix": "CutMix", "label_smoothing": "label smoothing", "dropout": "dropout"}


def check(run: Run, *, wide: float = WIDE) -> Iterator[Finding]:
    """Report a gap that stays; a gap of `wide` (a fraction of accuracy) at the best epoch is a warning."""
    gap, best = measures.gap(run), measures.best_epoch(run)
    if gap is None or gap.onset_epoch is None or best is None:
        return
    parts = []
    if gap.loss_onset_epoch is not None:
        parts.append(f"the loss gap from epoch {gap.loss_onset_epoch} on")
    if gap.accuracy_onset_epoch is not None:
        parts.append(f"the accuracy gap from epoch {gap.accuracy_onset_epoch} on")
    sizes = ""
    by_accuracy = any(v is not None for v in gap.accuracy)
    show = wording.points if by_accuracy else wording.nats
    if gap.at_best is not None:
        sizes = f" At the best epoch ({best.epoch}) it is {show(gap.at_best)}, at the last {show(gap.at_last)}."
    message = f"Above its noise to the end: {wording.listed(parts)}.{sizes} Measured on {gap.basis}.{_caveat(run)}"
    size = max(gap.at_best or 0.0, gap.at_last or 0.0) if by_accuracy else wide / 2
    support = min(max(size / wide, 0.0), 1.0)
    why = f"Training is ahead of validation: {wording.listed(parts)}.{sizes}"
    yield Finding(
        title=f"Training is ahead of validation: {wording.listed(parts)}",
        severity="warning" if by_accuracy and (gap.at_best or 0.0) > wide else "info",
        confidence=_confidence(_stays(run, gap)),
        basis="calibrated",
        message=message,
        evidence={
            "loss_onset_epoch": gap.loss_onset_epoch,
            "accuracy_onset_epoch": gap.accuracy_onset_epoch,
            "at_best": gap.at_best,
            "at_last": gap.at_last,
        },
        advice=[
            Advice(action, why, support)
            for action in (
                actions.STRONGER_AUGMENTATION,
                actions.WEIGHT_DECAY,
                actions.DROPOUT,
                actions.LABEL_SMOOTHING,
                actions.MIX,
                actions.TEST_TIME_AUGMENTATION,
            )
        ],
    )


def _stays(run: Run, gap: Gap) -> int:
    """For how many epochs the gap has been seen above its noise."""
    values = gap.accuracy if gap.loss_onset_epoch is None else gap.loss
    return sum(e.epoch >= (gap.onset_epoch or 0) and v is not None for e, v in zip(run.epochs, values, strict=True))


def _confidence(stays: int) -> float:
    """How sure a gap is that has been seen for so many epochs."""
    odds = ODDS * FURTHER ** (min(stays, SURELY) - 1)
    return min(odds / (1 + odds), SURE)


def _caveat(run: Run) -> str:
    """What in the configuration changes the meaning of a training loss."""
    found = [words for key, words in CHANGES.items() if run.config.get(key)]
    return f" With {wording.listed(found)} on, training metrics are no match for validation." if found else ""
