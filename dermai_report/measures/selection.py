"""The best of several epochs looks better than it is: by how much."""

from __future__ import annotations

from statistics import NormalDist
from typing import NamedTuple

import numpy as np

from dermai_report.measures.cache import once_per_run
from dermai_report.measures.groups import val_epoch_groups
from dermai_report.run import Run, SampleEpochs

RESAMPLES = 1000
MOST_DRAWS = 20_000_000  # resamples x samples of one block: bounds memory (160 MB of float64)
FEWEST = 20  # samples: below, the part left out of a draw (37 %) is too few to score on


class Selection(NamedTuple):
    """Out-of-bag scores of the selection: the epoch chosen, its optimism (a fraction of accuracy), the accuracies (draws,) behind it."""

    epoch: int
    optimism: float
    accuracies: np.ndarray


@once_per_run
def selection(run: Run) -> Selection | None:
    """What choosing the best epoch on the validation set adds to its accuracy there.

    Out-of-bag bootstrap of the selection: draw validation samples (whole groups, where logged) with replacement, choose the
    epoch by its loss on them, score it on the samples left out. None without per-epoch per-sample validation outcomes.
    Source: BBC-CV (Tsamardinos, Greasidou, Borboudakis 2018, Machine Learning 107:1895); Harrell's optimism bootstrap
    underestimates it by about 30 %.
    """
    samples = run.val_epochs
    if samples is None or len(samples.label) < FEWEST or not np.isfinite(samples.loss).all():
        return None
    scores = out_of_bag(samples, val_epoch_groups(run))
    best = int(samples.loss.mean(axis=1).argmin())
    return Selection(samples.epochs[best], float((samples.predicted[best] == samples.label).mean() - scores.mean()), scores)


def out_of_bag(samples: SampleEpochs, codes: np.ndarray | None = None, seed: int = 0) -> np.ndarray:
    """Accuracies (draws,) on the samples left out, of the epoch that the drawn samples chose."""
    n = len(samples.label)
    units = np.arange(n) if codes is None else codes
    groups = int(units.max()) + 1
    rng = np.random.default_rng(seed)
    loss = samples.loss.T.astype(np.float64)
    correct = (samples.predicted == samples.label).astype(np.float64)
    block = max(1, min(RESAMPLES, MOST_DRAWS // n))
    draws = max(RESAMPLES // 5, min(RESAMPLES, 5 * MOST_DRAWS // n))  # fewer for a large set, where they differ less
    scores = []
    for start in range(0, draws, block):
        bags = rng.multinomial(groups, np.full(groups, 1 / groups), size=min(block, draws - start))[:, units]
        chosen = (bags @ loss).argmin(axis=1)
        outside = (bags == 0).astype(np.float64)
        left = outside.sum(axis=1)
        score = np.einsum("bn,bn->b", outside, correct[chosen])
        scores.append(score[left > 0] / left[left > 0])
    return np.concatenate(scores)


def selection_optimism(run: Run) -> float | None:
    """The optimism alone, as a fraction of accuracy; None where it cannot be known."""
    found = selection(run)
    return found.optimism if found else None


def optimism_bound(accuracies: np.ndarray, n: int) -> float:
    """The most that choosing can add, from a curve of accuracies (epochs,) and the number of samples n alone.

    s m_c, with s the binomial standard error, c the epochs within 2 sqrt(2) s of the best, and m_c the expected maximum of c
    normals (Blom 1958); the true optimism lies between 0 and it, as the epochs' errors are correlated.
    """
    known = accuracies[np.isfinite(accuracies)]
    best = float(known.max())
    s = np.sqrt(max(best * (1 - best), 1 / n) / n)
    c = int((known >= best - 2 * np.sqrt(2) * s).sum())
    return float(s * NormalDist().inv_cdf((c - 0.375) / (c + 0.25))) if c > 1 else 0.0
