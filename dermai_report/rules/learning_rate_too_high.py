"""The training loss jumps up and down: the learning rate may be too high.

What it checks: the noise of the training loss around a smooth curve, against the loss itself.

Why it matters: an average over a whole epoch of training batches is a smooth number; when it still jumps, the weights
jump.

When it is wrong: with very few batches an epoch the average is noisy by itself; MixUp makes it noisier.

How sure: calibrated: the chance that the noise is above the threshold, checked by simulation. That the learning rate
is the cause is not in it.

Source: noise from second differences of the logarithm of the loss, robustly; Smith 2017 for what a too large rate does.
"""

from collections.abc import Iterator

import numpy as np

from dermai_report import actions, measures, wording
from dermai_report.report import Advice, Finding
from dermai_report.run import Run

NEEDS = ("train.loss", "epochs.6")
WORST = "warning"
NOISE = 0.10  # convention: twice what makes a validation loss noisy, as a training loss averages over more images


def check(run: Run, *, noise: float = NOISE) -> Iterator[Finding]:
    """Report a training loss that moves by more than `noise` (a fraction of it) from epoch to epoch."""
    seen = measures.relative_noise(np.array(run.series("train", "loss")))
    if seen is None or seen <= noise:
        return
    message = f"From one epoch to the next the training loss moves by about {wording.percent(seen, 0)} around its own trend."
    yield Finding(
        title="The training loss is noisy",
        severity="warning",
        confidence=measures.chance_noisier(seen, noise, len(run.epochs)),
        basis="calibrated",
        message=message,
        evidence={"relative_noise": seen, "threshold": noise},
        advice=[Advice(actions.lower_rate(run), message), Advice(actions.CLIP_GRADIENTS, message)],
    )
