"""The temperature that held-out predictions ask for, and what it says of losses that a sample was too small to show."""

from __future__ import annotations

import math

import numpy as np

from dermai_report.measures.intervals import Spread
from dermai_report.run import SMALLEST_PROBABILITY, Predictions

FEWEST_ERRORS = 5  # the temperature rests on the errors; below, it is set by one or two samples
TAIL_SEEN = 50  # errors that show the tail of the losses: with 17 the plain interval covers .95, with two .80 to .85
BOUND = 20.0


def temperature(outcome: Predictions | None) -> float | None:
    """The temperature that minimises the NLL of held-out predictions (> 1: overconfident).

    None without them, with fewer than five errors among them (without errors the best temperature is 0), or at a bound.
    """
    if outcome is None or outcome.probabilities is None or int((outcome.predicted != outcome.label).sum()) < FEWEST_ERRORS:
        return None
    found = _best(*_logits(outcome), 1 / BOUND, BOUND)
    return found if 1 / 19 < found < 19 else None


def expected_labels(outcome: Predictions, codes: np.ndarray | None = None) -> np.ndarray | None:
    """How likely each class (n, k) is the label, by the model's own probabilities, recalibrated; None from fifty errors on.

    A mean loss rests on the rare sure errors, and a test set with two of them shows neither their number nor their size. The
    probabilities do: a sample has the loss of class j as often as j is its label. They are divided by the temperature that
    these samples ask for, at least 1, as a model is not taken to be surer than it says. codes: (n,) group numbers; errors
    within a group then count as one.
    """
    wrong = outcome.predicted != outcome.label
    shown = int(wrong.sum()) if codes is None else len(np.unique(codes[wrong]))
    if outcome.probabilities is None or shown >= TAIL_SEEN or not len(outcome):
        return None
    logits, true = (np.asarray(part, np.float32) for part in _logits(outcome))
    likely: np.ndarray = np.exp(logits / _best(logits, true, 1.0, BOUND, tolerance=0.02))
    likely /= likely.sum(axis=1, keepdims=True)
    return likely


def expected_spread(likely: np.ndarray | None, values: np.ndarray) -> Spread | None:
    """The spread of what samples are worth, if class j is their label with the chance `likely` (n, k) and worth values (n, k) then."""
    if likely is None:
        return None
    n = len(values)
    deviation = values.astype(np.float64) - float(np.einsum("ij,ij->", likely, values, dtype=np.float64)) / n
    square = likely * deviation**2
    return Spread(float(square.sum()) / n, float(np.einsum("ij,ij->", square, deviation)) / n)


def cooled_losses(outcome: Predictions, t: float) -> np.ndarray:
    """The NLL (n,) of predictions with probabilities, after their logits are divided by t."""
    return _losses(*_logits(outcome), t)


def log_losses(outcome: Predictions, t: float = 1.0) -> np.ndarray:
    """The NLL (n, k) that each class would have as the label, after the logits are divided by t."""
    logits = _logits(outcome)[0] / t
    each: np.ndarray = np.log(np.exp(logits).sum(axis=1, keepdims=True)) - logits
    return each


def _losses(logits: np.ndarray, true: np.ndarray, t: float) -> np.ndarray:
    """The NLL (n,) of predictions whose logits (n, k) are divided by t."""
    each: np.ndarray = np.log(np.exp(logits / t).sum(axis=1)) - true / t
    return each


def _logits(outcome: Predictions) -> tuple[np.ndarray, np.ndarray]:
    """Logits (n, k) up to a constant, the largest of each row 0, and those of the true classes (n,)."""
    assert outcome.probabilities is not None
    logits = np.log(np.maximum(outcome.probabilities.astype(np.float64), SMALLEST_PROBABILITY))
    logits -= logits.max(axis=1, keepdims=True)
    return logits, logits[np.arange(len(outcome)), outcome.label]


def _best(logits: np.ndarray, true: np.ndarray, low: float, high: float, tolerance: float = 1e-3) -> float:
    """The temperature of the least NLL: convex in 1 / T, so golden-section search on its logarithm finds the one minimum."""

    def nll(log_t: float) -> float:
        return float(_losses(logits, true, math.exp(log_t)).mean())

    start, end = math.log(low), math.log(high)
    ratio = (math.sqrt(5) - 1) / 2
    left, right = end - ratio * (end - start), start + ratio * (end - start)
    at_left, at_right = nll(left), nll(right)
    while end - start > tolerance:  # one of the two inner points is one of the narrower interval as well
        if at_left < at_right:
            end, right, at_right = right, left, at_left
            left = end - ratio * (end - start)
            at_left = nll(left)
        else:
            start, left, at_left = left, right, at_right
            right = start + ratio * (end - start)
            at_right = nll(right)
    return math.exp((start + end) / 2)
