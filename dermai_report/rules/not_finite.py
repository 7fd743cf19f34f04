"""A loss is not a number: training broke down.

What it checks: NaN or infinite training or validation losses.

Why it matters: from that epoch on the weights are worthless, even where a later number looks fine.

When it is wrong: a validation loss alone can be infinite where a probability was rounded to 0.
"""

import math
from collections.abc import Iterator

from dermai_report import actions
from dermai_report.report import Advice, Finding
from dermai_report.run import Run

NEEDS = ()


def check(run: Run) -> Iterator[Finding]:
    """Report the first epoch with a loss that is not finite."""
    for e in run.epochs:
        broken = [s for s in ("train", "val") if (v := e.metric(s, "loss")) is not None and not math.isfinite(v)]
        if not broken:
            continue
        message = f"At epoch {e.epoch} the {' and '.join(broken)} loss is not a finite number ({e.at or 'log'})."
        rate = run.config.get("lr")
        lower = actions.at(actions.LOWER_LR, lr=float(f"{rate / 10:.1g}")) if isinstance(rate, float) else actions.LOWER_LR
        yield Finding(
            title=f"The loss is not finite from epoch {e.epoch}",
            severity="error",
            confidence=0.99,
            message=message,
            evidence={"epoch": e.epoch, "splits": broken},
            advice=[Advice(lower, message), Advice(actions.CLIP_GRADIENTS, message)],
        )
        return
