"""The mean loss after each model's logits are divided by the temperature that its own validation predictions ask for.

What is left of the loss when miscalibration that one number mends is mended. When it is wrong: the temperatures are estimates too, which
the interval leaves out; over a hundred validation images or more that moves the loss by far less than the images do.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dermai_report.disproof._measured import Measured, Pair
from dermai_report.disproof._paired import mean_difference, samples
from dermai_report.measures.temperature import cooled_losses, temperature

LABEL = "{split} loss with the fitted temperature"


def measure(pairs: Sequence[Pair], split: str) -> Measured:
    """Paired by image."""
    found = samples(pairs, split)
    if isinstance(found, str) or found.probabilities is None:
        return Measured("nats", basis=f"no interval: {found if isinstance(found, str) else 'no probabilities were logged'}")
    rows = []
    for run, places in zip([run for side in zip(*pairs, strict=True) for run in side], found.places, strict=True):
        fitted = temperature(run.predictions.get("val"))
        if fitted is None:
            return Measured("nats", basis="a run has no temperature: it takes validation predictions with five errors or more")
        rows.append(cooled_losses(run.predictions[split], fitted)[places])
    return mean_difference(found, np.stack(rows), "nats")
