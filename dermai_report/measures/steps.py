"""How often the optimizer moved the weights."""

from __future__ import annotations

import math

from dermai_report.run import Run

USUAL = 500  # steps of fine-tuning on fewer than 20,000 images: Kolesnikov et al. 2020, Big Transfer


def steps(run: Run) -> int | None:
    """Optimizer steps of the whole run: epochs times batches an epoch; None where the images or the batch size are not known."""
    batch, accumulated = run.config.get("batch_size"), run.config.get("accumulate", 1)
    images = sum(run.data.counts.get("train", {}).values())
    if not images or not isinstance(batch, int) or not isinstance(accumulated, int) or batch < 1 or accumulated < 1:
        return None
    return len(run.epochs) * math.ceil(math.ceil(images / batch) / accumulated)
