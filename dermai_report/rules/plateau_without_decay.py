"""The validation loss stands still at a learning rate that never falls.

What it checks: no trend in the validation loss over the second half of the run, and a learning rate that was logged and
is constant.

Why it matters: a lower rate lets the weights settle; a plateau at a constant rate is where it pays.

When it is wrong: the model may have learned what the data hold; then a lower rate gains nothing, and the next run shows
it.

How sure: calibrated: right where the curve without its noise falls by less than 5 % over those epochs. That a lower
rate would help is not in it.

Source: Mann-Kendall test of trend, corrected for autocorrelation.
"""

from collections.abc import Iterator

import numpy as np

from dermai_report import actions, measures, wording
from dermai_report.report import Advice, Finding
from dermai_report.run import Run

NEEDS = ("val.loss", "lr")
WORST = "info"
CONFIDENCE = 0.95  # of simulated findings all were right; .95, as real curves have more shapes
FEWEST_EPOCHS = 8  # in the second half: below, no trend can be seen or excluded
ALPHA = 0.2  # to say "no trend" a lenient level is the strict one


def check(run: Run, *, alpha: float = ALPHA) -> Iterator[Finding]:
    """Report a flat second half (trend p above `alpha`) at one learning rate."""
    rates = {e.lr[0] for e in run.epochs if e.lr}
    losses = np.array(run.series("val", "loss"))[len(run.epochs) // 2 :]
    losses = losses[np.isfinite(losses)]
    if len(rates) != 1 or len(losses) < FEWEST_EPOCHS or measures.overfitting(run).overfit:
        return
    p = measures.mann_kendall(losses)
    if p <= alpha:
        return
    message = (
        f"Over the last {len(losses)} epochs the validation loss shows no trend (p {p:.2f}, median "
        f"{wording.nats(float(np.median(losses)))}), and the learning rate stayed at {rates.pop():g}."
    )
    yield Finding(
        title="A plateau without a lower learning rate",
        severity="info",
        confidence=CONFIDENCE,
        basis="calibrated",
        message=message,
        evidence={"trend_p": p, "epochs": len(losses)},
        advice=[Advice(actions.COSINE, message), Advice(actions.WARM_RESTARTS, message)],
    )
