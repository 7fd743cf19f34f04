"""The best of several epochs looks better than it is: by how much."""

from __future__ import annotations

import numpy as np

from dermai_report.measures.cache import once_per_run
from dermai_report.run import Run

RESAMPLES = 500
MOST_DRAWS = 20_000_000  # resamples x samples: bounds time and memory (80 MB a block of 500 x 20,000 float64)


@once_per_run
def selection_optimism(run: Run, seed: int = 0) -> float | None:
    """How much of the chosen epoch's validation accuracy is the luck of having been chosen, as a fraction.

    Out-of-bag bootstrap of the selection: draw validation samples with replacement, choose the epoch by its loss on them,
    score it on the samples left out; the optimism is the accuracy in hand minus the mean of these scores. None without
    per-epoch per-sample validation outcomes. Source: BBC-CV (Tsamardinos, Greasidou, Borboudakis 2018, Machine Learning
    107:1895).
    """
    samples = run.val_epochs
    if samples is None or samples.loss.shape[1] < 20 or not np.isfinite(samples.loss).all():
        return None
    n = samples.loss.shape[1]
    correct = (samples.predicted == samples.label).astype(np.float64)
    resamples = max(50, min(RESAMPLES, MOST_DRAWS // n))
    bags = np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), size=resamples)
    chosen = (bags @ samples.loss.T.astype(np.float64)).argmin(axis=1)
    outside = (bags == 0).astype(np.float64)
    scores = np.einsum("bn,bn->b", outside, correct[chosen]) / np.maximum(outside.sum(axis=1), 1)
    best = int(samples.loss.mean(axis=1).argmin())
    return float(correct[best].mean() - scores.mean())
