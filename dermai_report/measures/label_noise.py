"""Labels that the model, on images it never trained on, contradicts with confidence."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Suspects(NamedTuple):
    """Samples whose label may be wrong: their places, most suspicious first, and for each what the model is confident of."""

    place: np.ndarray
    suggested: np.ndarray


def suspected_labels(label: np.ndarray, probabilities: np.ndarray) -> Suspects:
    """Confident learning on out-of-sample (n, k) probabilities and their (n,) labels.

    A class's threshold is the mean probability that samples labelled so get for it. A sample counts for the class with the
    highest probability among those whose threshold it reaches; counted for another class than its label, and with a lower
    probability for its label than for that class, it is suspected. Ranked by the margin between the two (Northcutt, Jiang,
    Chuang 2021, J. Artificial Intelligence Research 70:1373, section 3; "confident learning", off-diagonal of the joint).
    """
    n = len(label)
    best, counted = _confident(label, probabilities)
    index = np.flatnonzero((best > 0) & (counted != label))
    margin = probabilities[np.arange(n), label][index] - probabilities[index, counted[index]]
    order = np.argsort(margin, kind="stable")
    index = index[order][margin[order] < 0]
    return Suspects(index, counted[index])


def expected_suspects(label: np.ndarray, probabilities: np.ndarray) -> float:
    """How many samples would be suspected if the labels were right and the probabilities calibrated.

    Were the true class drawn from the model's own probabilities, a sample that is confidently counted for class j would carry
    another label with probability 1 - p_j: the mean number of false suspicions.
    """
    best, _ = _confident(label, probabilities)
    return float((1 - best)[best > 0].sum())


def _confident(label: np.ndarray, probabilities: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For each sample the highest probability among classes whose threshold it reaches (0 where none), and that class."""
    n, k = probabilities.shape
    per_class = np.bincount(label, minlength=k)
    own = probabilities[np.arange(n), label].astype(np.float64)
    threshold = np.bincount(label, weights=own, minlength=k) / np.maximum(per_class, 1)
    threshold[per_class == 0] = np.inf  # nobody can be counted for a class without a labelled sample
    reached = np.where(probabilities >= threshold.astype(probabilities.dtype), probabilities, 0)
    return reached.max(axis=1).astype(np.float64), reached.argmax(axis=1)
