"""Choosing the best epoch flatters the validation score.

What it checks: by how much the validation accuracy of the chosen epoch exceeds what the choice would score on samples
that had no part in it.

Why it matters: the validation number is the one people quote, and part of it is the luck of having been chosen.

When it is wrong: the bootstrap draws from this validation set only; images of one patient on both sides hide optimism
unless groups are logged.

How sure: calibrated: the chance that the score is above the true one, checked by simulation.

Source: BBC-CV, Tsamardinos, Greasidou, Borboudakis 2018; Cawley and Talbot 2010.
"""

import math
from collections.abc import Iterator
from statistics import NormalDist

from dermai_report import actions, measures, wording
from dermai_report.report import Advice, Finding
from dermai_report.run import Run, SampleEpochs

NEEDS = ("val_epochs", "val.accuracy")
WORST = "info"
MATTERS = 0.01  # convention: under one point nobody decides otherwise


def check(run: Run, *, matters: float = MATTERS) -> Iterator[Finding]:
    """Report an optimism of at least `matters` (a fraction of accuracy)."""
    optimism, best = measures.selection_optimism(run), measures.best_epoch(run)
    if run.val_epochs is None or optimism is None or optimism < matters or best is None or best.val_accuracy is None:
        return
    message = (
        f"The validation accuracy of epoch {best.epoch} ({wording.percent(best.val_accuracy)}) is about {wording.points(optimism, 1)} "
        f"too good, because it chose the epoch among {len(run.epochs)}: on fresh samples about "
        f"{wording.percent(best.val_accuracy - optimism, 1)} is to be expected."
    )
    yield Finding(
        title="The validation score is optimistic",
        severity="info",
        confidence=_chance(optimism, best.val_accuracy, _size(run, run.val_epochs, best.epoch)),
        basis="calibrated",
        message=message,
        evidence={"optimism": optimism, "epochs": len(run.epochs)},
        advice=[Advice(actions.CROSS_VALIDATION, message), Advice(actions.AVERAGE_BEST_EPOCHS, message)],
    )


def _size(run: Run, samples: SampleEpochs, epoch: int) -> float:
    """How many independent samples validated the epoch: fewer than there are where they come in groups."""
    if epoch not in samples.epochs:
        return len(samples.label)
    right = samples.predicted[samples.epochs.index(epoch)] == samples.label
    return measures.effective_size(right, measures.val_epoch_groups(run))


def _chance(optimism: float, accuracy: float, n: float) -> float:
    """Chance that the score is above the true one: it is too high by the optimism, give or take its standard error."""
    return NormalDist().cdf(optimism / math.sqrt(max(accuracy * (1 - accuracy), 1 / n) / n))
