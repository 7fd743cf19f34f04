"""The run stopped while the validation loss was still falling.

What it checks: the best epoch is the last, and the validation loss falls without doubt over the second half of the run.

Why it matters: more epochs are the cheapest improvement there is.

When it is wrong: a cosine or one-cycle schedule ends where it was planned to; training longer then means a longer
schedule.

How sure: calibrated: from the p-value at even odds, which p = .05 leaves as they are (Vovk and Wang 2021), and checked by
simulation: right where as many epochs more lower the loss by a percent.

Source: Mann-Kendall test of trend, corrected for autocorrelation.
"""

from collections.abc import Iterator

import numpy as np

from dermai_report import actions, measures, wording
from dermai_report.report import Advice, Finding
from dermai_report.run import Run

NEEDS = ("val.loss", "epochs.5")
WORST = "info"
ALPHA = 0.05
FEWEST_EPOCHS = 5


def check(run: Run, *, alpha: float = ALPHA) -> Iterator[Finding]:
    """Report a run whose last epoch is its best while the loss trends down (p below `alpha`)."""
    best = measures.best_epoch(run)
    n = len(run.epochs)
    if best is None or n < FEWEST_EPOCHS or best.epoch != run.epochs[-1].epoch or run.status == "running":
        return
    losses = np.array(run.series("val", "loss"))
    recent = losses[-max(FEWEST_EPOCHS, n // 2) :]
    finite = recent[np.isfinite(recent)]
    p = measures.mann_kendall(finite)
    if p >= alpha or measures.theil_sen(finite) >= 0:
        return
    message = (
        f"The last epoch ({best.epoch}) is the best, and over the last {len(recent)} epochs the validation loss falls from "
        f"{wording.nats(float(recent[0]))} to {wording.nats(float(recent[-1]))} (trend p {wording.p_value(p)})."
    )
    yield Finding(
        title="Stopped while still improving",
        severity="info",
        confidence=measures.evidence(p),
        basis="calibrated",
        message=message,
        evidence={"trend_p": p, "epochs": len(recent)},
        advice=[Advice(actions.at(actions.TRAIN_LONGER, epochs=2 * n), message)],
    )
