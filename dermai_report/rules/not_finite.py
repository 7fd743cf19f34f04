"""A loss is not a number: training broke down.

What it checks: NaN or infinite training or validation losses.

Why it matters: from that epoch on the weights are worthless, even where a later number looks fine.

When it is wrong: a validation loss alone can be infinite where a probability was rounded to 0.

How sure: counted: it is read from the log and certain if the log is right.
"""

import math
from collections.abc import Iterator

from dermai_report import actions, learning_rates
from dermai_report.report import Advice, Finding
from dermai_report.run import Run

NEEDS = ()
WORST = "error"


def check(run: Run) -> Iterator[Finding]:
    """Report the first epoch with a loss that is not finite."""
    for e in run.epochs:
        broken = [s for s in ("train", "val") if (v := e.metric(s, "loss")) is not None and not math.isfinite(v)]
        if not broken:
            continue
        message = f"At epoch {e.epoch} the {' and '.join(broken)} loss is not a finite number ({e.at or 'log'})."
        yield Finding(
            title=f"The loss is not finite at epoch {e.epoch}",
            severity="error",
            confidence=1.0,
            basis="counted",
            message=message,
            evidence={"epoch": e.epoch, "splits": broken},
            advice=[Advice(learning_rates.lower_rate(run, by=10), message), Advice(actions.CLIP_GRADIENTS, message)],
        )
        return
