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


def unseen(outcome: Predictions, codes: np.ndarray | None = None) -> Spread | None:
    """The spread (nats^2, nats^3) of the losses that the model's own probabilities expect; None from fifty errors on.

    codes: (n,) group numbers; errors within a group then count as one.

    A mean loss rests on the rare sure errors, and a test set with two of them shows neither their number nor their size. The
    probabilities do: a sample whose class j has probability p_j has the loss -ln p_j with probability p_j, once the
    probabilities are calibrated. So they are divided by the temperature that these samples ask for, at least 1, as a model is
    not taken to be surer than it says.
    """
    wrong = outcome.predicted != outcome.label
    shown = int(wrong.sum()) if codes is None else len(np.unique(codes[wrong]))
    if outcome.probabilities is None or shown >= TAIL_SEEN or not len(outcome):
        return None
    logits, true = _logits(outcome)
    logits, true = np.asarray(logits, np.float32), np.asarray(true, np.float32)
    loss = np.log(np.exp(logits).sum(axis=1, keepdims=True)) - logits
    expected = np.exp(logits / _best(logits, true, 1.0, BOUND, tolerance=0.02))
    expected /= expected.sum(axis=1, keepdims=True)
    n = len(outcome)
    loss -= float(np.einsum("ij,ij->", expected, loss)) / n
    square = loss * loss
    return Spread(
        float(np.einsum("ij,ij->", expected, square, dtype=np.float64)) / n,
        float(np.einsum("ij,ij,ij->", expected, square, loss, dtype=np.float64)) / n,
    )


def cooled_losses(outcome: Predictions, t: float) -> np.ndarray:
    """The NLL (n,) of predictions with probabilities, after their logits are divided by t."""
    return _losses(*_logits(outcome), t)


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

    left_end, right_end = math.log(low), math.log(high)
    ratio = (math.sqrt(5) - 1) / 2
    while right_end - left_end > tolerance:
        left, right = right_end - ratio * (right_end - left_end), left_end + ratio * (right_end - left_end)
        left_end, right_end = (left_end, right) if nll(left) < nll(right) else (left, right_end)
    return math.exp((left_end + right_end) / 2)
