"""The learning rate may be too high: it is far above what is usual, or the training loss jumps up and down.

What it checks: the configured rate of Adam or AdamW against the usual one, and the noise of the training loss around a
smooth curve, against the loss itself.

Why it matters: an average over a whole epoch of training batches is a smooth number; when it still jumps, the weights
jump.

When it is wrong: with very few batches an epoch the average is noisy by itself; MixUp makes it noisier. A network of few layers, or of
normalised weights, may stand a higher rate.

How sure: calibrated: the chance that the noise is above the threshold, checked by simulation. That the learning rate
is the cause is not in it. A rate far above the usual: judged.

Source: noise from second differences of the logarithm of the loss, robustly; Smith 2017 for what a too large rate does; Kingma and Ba
2015 for the usual rate.
"""

from collections.abc import Iterator

import numpy as np

from dermai_report import actions, learning_rates, measures, wording
from dermai_report.report import Advice, Finding
from dermai_report.run import Run

NEEDS = ("train.loss", "epochs.6")
WORST = "warning"
FAR_ABOVE = 0.95  # a judgement, which orders the findings: no measured frequency
NOISE = 0.10  # convention: twice what makes a validation loss noisy, as a training loss averages over more images


def check(run: Run, *, noise: float = NOISE) -> Iterator[Finding]:
    """Report a rate far above the usual, or a training loss that moves by more than `noise` (a fraction of it) an epoch."""
    seen = measures.relative_noise(np.array(run.series("train", "loss")))
    noisy, times = seen is not None and seen > noise, learning_rates.times_usual(run)
    high = times > learning_rates.MUCH
    if not (noisy or high):
        return
    parts = []
    if high:
        parts.append(
            f"The learning rate is {run.config['lr']:g}, {times:.0f} times the usual "
            f"{learning_rates.USUAL_RATE:g} of {run.config['optimizer']}."
        )
    if noisy:
        parts.append(
            f"From one epoch to the next the training loss moves by about {wording.percent(seen, 0)} around its own trend."
        )
    message = " ".join(parts)
    yield Finding(
        title="The learning rate is far above the usual" if high else "The training loss is noisy",
        severity="warning",
        confidence=FAR_ABOVE if high or seen is None else measures.chance_noisier(seen, noise, len(run.epochs)),
        basis="judged" if high else "calibrated",
        message=message,
        evidence={"relative_noise": seen, "threshold": noise, "times_usual": times or None},
        advice=[Advice(learning_rates.lower_rate(run), message), Advice(actions.CLIP_GRADIENTS, message)],
    )
