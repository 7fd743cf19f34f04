"""Choosing the best epoch flatters the validation score.

What it checks: by how much the validation accuracy of the chosen epoch exceeds what the choice would score on samples
that had no part in it.

Why it matters: the validation number is the one people quote, and part of it is the luck of having been chosen.

When it is wrong: the bootstrap draws from this validation set only; images of one patient on both sides hide optimism
unless groups are logged.

Source: BBC-CV, Tsamardinos, Greasidou, Borboudakis 2018; Cawley and Talbot 2010.
"""

from collections.abc import Iterator

from dermai_report import actions, measures, wording
from dermai_report.report import Advice, Finding
from dermai_report.run import Run

NEEDS = ("val_epochs", "val.accuracy")
WORST = "info"
JUDGED = 0.8  # a judgement, which orders the findings: no measured frequency
MATTERS = 0.01  # convention: under one point nobody decides otherwise


def check(run: Run, *, matters: float = MATTERS) -> Iterator[Finding]:
    """Report an optimism of at least `matters` (a fraction of accuracy)."""
    optimism, best = measures.selection_optimism(run), measures.best_epoch(run)
    if optimism is None or optimism < matters or best is None or best.val_accuracy is None:
        return
    message = (
        f"The validation accuracy of epoch {best.epoch} ({wording.percent(best.val_accuracy)}) is about {wording.points(optimism, 1)} "
        f"too good, because it chose the epoch among {len(run.epochs)}: on fresh samples about "
        f"{wording.percent(best.val_accuracy - optimism, 1)} is to be expected."
    )
    yield Finding(
        title="The validation score is optimistic",
        severity="info",
        confidence=JUDGED,
        message=message,
        evidence={"optimism": optimism, "epochs": len(run.epochs)},
        advice=[Advice(actions.CROSS_VALIDATION, message)],
    )
