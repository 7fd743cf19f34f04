"""How well a model came to fit its own training images."""

from __future__ import annotations

import math

from dermai_report.measures.cache import once_per_run
from dermai_report.run import Run


@once_per_run
def highest_training_accuracy(run: Run) -> float | None:
    """The highest of any epoch, in [0, 1], of passes in evaluation mode where these were logged; None without any.

    What a later epoch fits, the layers that were trained could fit, and more of the same steps will not fit better.
    """
    for key in ("eval_accuracy", "accuracy"):
        seen = [v for e in run.epochs if (v := e.train.get(key)) is not None and math.isfinite(v)]
        if seen:
            return max(seen)
    return None
