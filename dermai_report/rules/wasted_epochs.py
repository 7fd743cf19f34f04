"""Early stopping would have ended the run sooner, with the same checkpoint.

What it checks: when a patience of three epochs on the validation loss would have stopped, and whether the best epoch
would have been the same.

Why it matters: the epochs after that point cost time and changed nothing that is shipped.

When it is wrong: with a schedule that ends at a planned epoch (cosine, one-cycle) the last epochs are where the gain
comes.

How sure: counted: what the patience would have done with these losses.

Source: Prechelt 1998, Early Stopping - But When?
"""

import math
from collections.abc import Iterator

from dermai_report import actions, measures, wording
from dermai_report.report import Advice, Finding
from dermai_report.run import Run

NEEDS = ("val.loss",)
WORST = "info"
PATIENCE = 3  # the patience the advice sets
SHARE = 0.2  # convention: less than a fifth of the run is not worth a word


def check(run: Run, *, patience: int = PATIENCE, share: float = SHARE) -> Iterator[Finding]:
    """Report a run of which at least `share` came after early stopping with `patience` would have ended it."""
    best, stop = measures.best_epoch(run), stopping_point(run.series("val", "loss"), patience)
    if best is None or stop is None or run.config.get("early_stopping"):
        return
    left = run.epochs[stop:]
    if best.epoch > run.epochs[stop - 1].epoch or len(left) < share * len(run.epochs):
        return
    seconds = [e.seconds for e in left if e.seconds is not None]
    time = f" ({wording.duration(sum(seconds))})" if len(seconds) == len(left) else ""
    message = (
        f"Early stopping with a patience of {patience} would have ended the run after epoch {run.epochs[stop - 1].epoch} with the same "
        f"best epoch ({best.epoch}), and saved {wording.plural(len(left), 'epoch')}{time}."
    )
    yield Finding(
        title=f"{wording.plural(len(left), 'epoch')} could have been saved",
        severity="info",
        confidence=1.0,
        basis="counted",
        message=message,
        evidence={"stop_after": run.epochs[stop - 1].epoch, "epochs": len(left), "seconds": sum(seconds) if time else None},
        advice=[Advice(actions.EARLY_STOPPING, message)],
    )


def stopping_point(losses: tuple[float, ...], patience: int) -> int | None:
    """How many epochs run before `patience` in a row bring no new lowest loss; None if that never happens."""
    best, waited = math.inf, 0
    for i, loss in enumerate(losses):
        waited = 0 if loss < best else waited + 1
        best = min(best, loss) if math.isfinite(loss) else best
        if waited >= patience:
            return i + 1
    return None
