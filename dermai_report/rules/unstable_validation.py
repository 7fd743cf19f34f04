"""The validation loss jumps from epoch to epoch.

What it checks: the noise of the validation loss around a smooth curve, against the loss itself.

Why it matters: when single epochs jump by several percent, the best of them is partly luck, and one bad epoch says
little.

When it is wrong: right after a deliberate change (a layer unfrozen, a warm restart) a jump is expected.

How sure: calibrated: the chance that the noise is above the threshold, checked by simulation.

Source: noise from second differences of the logarithm of the loss, robustly.
"""

from collections.abc import Iterator

import numpy as np

from dermai_report import actions, learning_rates, measures, wording
from dermai_report.report import Advice, Finding
from dermai_report.run import Run

NEEDS = ("val.loss", "epochs.6")
WORST = "info"
JUMPY = 0.05  # the size of rise that counts as overfitting (Prechelt's GL5): noise as large hides or imitates it


def check(run: Run, *, jumpy: float = JUMPY) -> Iterator[Finding]:
    """Report epoch-to-epoch noise of more than `jumpy`, a fraction of the loss."""
    seen = measures.relative_noise(np.array(run.series("val", "loss")))
    if seen is None or seen <= jumpy:
        return
    message = (
        f"From one epoch to the next the validation loss moves by about {wording.percent(seen, 0)} around its own trend, so a "
        f"single epoch better or worse by that much says little."
    )
    averages = (actions.AVERAGE_WEIGHTS, actions.AVERAGE_BEST_EPOCHS, actions.TEST_TIME_AUGMENTATION)
    advice = [Advice(action, message) for action in (learning_rates.lower_rate(run), actions.COSINE, *averages)]
    yield Finding(
        title="The validation loss is noisy",
        severity="info",
        confidence=measures.chance_noisier(seen, jumpy, len(run.epochs)),
        basis="calibrated",
        message=message,
        evidence={"relative_noise": seen, "threshold": jumpy},
        advice=advice,
    )
