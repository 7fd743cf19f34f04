"""The temperature that held-out predictions ask for, and what it says of losses that a sample was too small to show."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from dermai_report.measures.intervals import Spread
from dermai_report.run import SMALLEST_PROBABILITY, Predictions

FEWEST_ERRORS = 5  # the temperature rests on the errors; below, it is set by one or two samples
TAIL_SEEN = 400  # errors that show the tail of the losses; from 50 to 400 what a temperature saves covered .92 without
BOUND = 20.0
BLOCK = 16_384  # samples at once, so that what is worked out of them stays in the processor's cache


def temperature(outcome: Predictions | None) -> float | None:
    """The temperature that minimises the NLL of held-out predictions (> 1: overconfident).

    None without them, with fewer than five errors among them (without errors the best temperature is 0), or at a bound.
    """
    if outcome is None or outcome.probabilities is None or int((outcome.predicted != outcome.label).sum()) < FEWEST_ERRORS:
        return None
    found = _best(*_logits(outcome), 1 / BOUND, BOUND)
    return found if 1 / 19 < found < 19 else None


def expected_spreads(
    outcome: Predictions, codes: np.ndarray | None = None, fitted: float | None = None
) -> dict[str, Spread | None]:
    """How the losses ("nll"), the squared errors ("brier") and what the temperature `fitted` saves ("gain") are spread over samples
    by the model's own account; None from TAIL_SEEN errors on, and without probabilities.

    A mean loss rests on the rare sure errors, and a test set with two of them shows neither their number nor their size. The
    probabilities do: a sample has the loss of class j as often as j is its label. They are divided by the temperature that
    these samples ask for, at least 1, as a model is not taken to be surer than it says. codes: (n,) group numbers; errors
    within a group then count as one.
    """
    wrong = outcome.predicted != outcome.label
    shown = int(wrong.sum()) if codes is None else len(np.unique(codes[wrong]))
    if outcome.probabilities is None or shown >= TAIL_SEEN or not len(outcome):
        return dict.fromkeys(("nll", "brier", "gain"))
    logits, true = _logits(outcome)
    own = _best(logits, true, 1.0, BOUND)
    sums = np.zeros((3, 3))  # of each of the three, and of its square and its cube
    for rows in _blocks(len(logits)):
        loss, p, cooled = _each(logits[rows], 1.0), outcome.probabilities[rows], _each(logits[rows], fitted or 1.0)
        likely = np.exp(-_each(logits[rows], own))
        brier = np.einsum("ij,ij->i", p, p)[:, None] - 2 * p + 1
        for one, worth in zip(sums, (loss, brier, loss - cooled), strict=True):
            weighted = likely
            for power in range(3):
                weighted = weighted * worth
                one[power] += weighted.sum(dtype=np.float64)
    nll, brier_spread, gain = (_spread(*one) for one in sums / len(logits))
    return {"nll": nll, "brier": brier_spread, "gain": gain if fitted else None}


def cooled_losses(outcome: Predictions, t: float) -> np.ndarray:
    """The NLL (n,) of predictions with probabilities, after their logits are divided by t."""
    logits, true = _logits(outcome)
    total = [np.log(np.exp(logits[rows] / np.float32(t)).sum(axis=1, dtype=np.float64)) for rows in _blocks(len(logits))]
    each: np.ndarray = np.concatenate([*total, []]) - true / t
    return each


def _spread(mean: float, square: float, cube: float) -> Spread:
    """Of the means of values, their squares and their cubes."""
    return Spread(max(square - mean**2, 0.0), cube - 3 * mean * square + 2 * mean**3)


def _blocks(n: int) -> Iterator[slice]:
    return (slice(start, start + BLOCK) for start in range(0, n, BLOCK))


def _each(logits: np.ndarray, t: float) -> np.ndarray:
    """The NLL (n, k) that each class would have as the label, after the logits (n, k), 0 at most, are divided by t."""
    cooled = logits / np.float32(t)
    each: np.ndarray = np.log(np.exp(cooled).sum(axis=1, keepdims=True)) - cooled
    return each


def _logits(outcome: Predictions) -> tuple[np.ndarray, np.ndarray]:
    """Logits (n, k) of float32 up to a constant, the largest of each row 0, and those of the true classes (n,)."""
    assert outcome.probabilities is not None
    logits = np.maximum(outcome.probabilities, np.float32(SMALLEST_PROBABILITY), dtype=np.float32)
    np.log(logits, out=logits)
    logits -= logits.max(axis=1, keepdims=True)
    return logits, logits[np.arange(len(outcome)), outcome.label]


def _best(logits: np.ndarray, true: np.ndarray, low: float, high: float, tolerance: float = 1e-4) -> float:
    """The temperature of the least NLL, from `low` to `high`, by Newton's method on the logarithm of T.

    The NLL is convex in 1 / T: its slope, the mean logit that the probabilities expect less that of the true classes, has one root
    at most. A step that leaves the bounds known of it goes to their middle instead.
    """
    seen = float(true.mean(dtype=np.float64))
    start, end = math.log(low), math.log(high)
    at = min(max(0.0, start), end)
    while end - start > tolerance:
        slope, curvature = _slope(logits, at)
        slope -= seen
        if slope > 0:
            start = at
        else:
            end = at
        step = slope / curvature if curvature > 0 else math.inf
        if abs(step) < tolerance:
            break
        at = at + step if start < at + step < end else (start + end) / 2
    return math.exp(at)


def _slope(logits: np.ndarray, log_t: float) -> tuple[float, float]:
    """The mean logit that the probabilities expect at this temperature, and how fast it falls with the logarithm of T."""
    mean = spread = 0.0
    for rows in _blocks(len(logits)):
        part = logits[rows]
        likely = np.exp(part * np.float32(math.exp(-log_t)))
        likely /= likely.sum(axis=1, keepdims=True)
        weighted = likely * part
        expected = weighted.sum(axis=1)
        mean += float(expected.sum(dtype=np.float64))
        spread += float(np.einsum("ij,ij->", weighted, part)) - float(np.einsum("i,i->", expected, expected))
    return mean / len(logits), math.exp(-log_t) * spread / len(logits)
