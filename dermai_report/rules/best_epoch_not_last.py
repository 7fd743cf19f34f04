"""The last epoch is not the best one: ship the best checkpoint.

What it checks: whether the last epoch's validation loss (accuracy, where no loss was logged) is worse than the best
epoch's, and whether the data can tell the two apart.

Why it matters: most scripts leave the last epoch's weights in the file that gets shipped.

When it is wrong: where the validation set is small the two epochs may be equally good; then either may be shipped.
"""

from collections.abc import Iterator

import numpy as np

from dermai_report import actions, measures, wording
from dermai_report.report import Advice, BestEpoch, Finding
from dermai_report.run import Run

NEEDS = ()


def check(run: Run) -> Iterator[Finding]:
    """Compare the last epoch with the best."""
    best, last = measures.best_epoch(run), measures.last_epoch(run)
    if best is None or last is None or last.epoch == best.epoch:
        return
    message = (
        f"Epoch {best.epoch} is the best (validation loss {wording.nats(best.val_loss)}, accuracy "
        f"{wording.percent(best.val_accuracy)}); the last, epoch {last.epoch}, has {wording.nats(last.val_loss)} and "
        f"{wording.percent(last.val_accuracy)}"
    )
    if last.train_loss is not None and best.train_loss is not None and last.train_loss < best.train_loss:
        message += f", while the training loss still improves ({best.train_loss:.4f} to {last.train_loss:.4f})"
    confidence, words = _how_sure(run, best, last.epoch)
    message = f"{message}. {words}"
    yield Finding(
        title=f"Epoch {best.epoch} is better than the last epoch, {last.epoch}",
        severity="info",
        confidence=confidence,
        message=message,
        evidence={"best_epoch": best.epoch, "last_epoch": last.epoch, "by": best.by},
        advice=[
            Advice(actions.SHIP_BEST, message),
            Advice(
                actions.EARLY_STOPPING,
                f"{wording.plural(last.epoch - best.epoch, 'epoch')} ran after the best one without improving on it.",
            ),
        ],
    )


def _how_sure(run: Run, best: BestEpoch, last: int) -> tuple[float, str]:
    """The confidence that the last epoch is really worse than the best, and on what it rests."""
    if best.indistinguishable_basis is None:
        chance = measures.chance_still_worse(np.array(run.series("val", "loss")))
        basis = "from the noise of the curve alone, as no validation samples were logged"
        return chance, f"Confidence that it is really worse, {basis}: {wording.confidence(chance)}."
    if last in best.indistinguishable:
        return 0.5, f"The validation data cannot tell the two apart ({best.indistinguishable_basis})."
    return 0.95, f"The validation data tell the two apart ({best.indistinguishable_basis})."
