"""How far the probabilities can be believed."""

from __future__ import annotations

import numpy as np

from dermai_report.measures.cache import once_per_run
from dermai_report.report import Calibration, Interval
from dermai_report.run import SMALLEST_PROBABILITY, Predictions, Run

BINS = 15  # the usual number since Guo et al. 2017
RESAMPLES = 1000
FEWEST_ERRORS = 5  # the temperature rests on the errors; below, it is set by one or two samples


class Reliability:
    """Equal-mass bins of the top probability: mean confidence, accuracy and n of each, (bins,) arrays."""

    def __init__(self, confidence: np.ndarray, correct: np.ndarray, bins: int = BINS) -> None:
        order = np.argsort(confidence, kind="stable")
        ordered = confidence[order]
        edges = np.linspace(0, len(order), min(bins, max(len(order), 1)) + 1).astype(int)[:-1]
        # Equal confidences share a bin: cut between them, the order of the file would decide which bin gets the errors.
        starts = np.unique(np.searchsorted(ordered, ordered[edges], side="left"))
        self.n = np.diff(starts, append=len(order))
        self.confidence = np.add.reduceat(ordered, starts) / self.n
        self.accuracy = np.add.reduceat(correct[order].astype(float), starts) / self.n

    @property
    def ece(self) -> float:
        """Expected calibration error: the mean distance of accuracy from confidence, weighted by samples."""
        return float(self.n @ np.abs(self.accuracy - self.confidence) / self.n.sum())


@once_per_run
def reliability(run: Run) -> Reliability | None:
    """The reliability of the test predictions, or None without probabilities."""
    outcome = run.predictions.get("test")
    if outcome is None or outcome.probabilities is None or not len(outcome):
        return None
    top = outcome.probabilities.max(axis=1).astype(np.float64)
    return Reliability(top, outcome.predicted == outcome.label)


@once_per_run
def calibration(run: Run) -> Calibration | None:
    """Calibration on the test set, and the temperature that the validation set asks for; None without probabilities.

    Sources: Naeini et al. 2015 (ECE); Nguyen and O'Connor 2015 (equal-mass bins); Brier 1950; Guo et al. 2017 (temperature).
    """
    bins, outcome = reliability(run), run.predictions.get("test")
    if bins is None or outcome is None or outcome.probabilities is None:
        return None
    probabilities = outcome.probabilities
    true = probabilities[np.arange(len(outcome)), outcome.label].astype(np.float64)
    brier = np.einsum("ij,ij->i", probabilities, probabilities).astype(np.float64) - 2 * true + 1
    by_chance, interval = ece_spread(bins)
    fitted = temperature(run.predictions.get("val"))
    return Calibration(
        ece=bins.ece,
        ece_ci95=interval,
        ece_by_chance=by_chance,
        overconfidence=float(bins.n @ (bins.confidence - bins.accuracy) / bins.n.sum()),
        overconfidence_error=float(np.sqrt(bins.n @ (bins.confidence * (1 - bins.confidence))) / bins.n.sum()),
        brier=float(brier.mean()),
        nll=float(-np.log(np.maximum(true, SMALLEST_PROBABILITY)).mean()),
        temperature=fitted,
        nll_with_temperature=None if fitted is None else _nll(outcome, fitted),
    )


def ece_spread(bins: Reliability, seed: int = 0) -> tuple[float, Interval]:
    """What a perfectly calibrated model would show by chance (95 % quantile), and a 95 % interval of the true error.

    The ECE of n samples is biased upward: noise never cancels in an absolute value. So the interval inverts a test: gaps of
    a given shape, scaled by c and with binomial noise, must not make the measured ECE a 2.5 % event on either side; chance
    alone is c = 0. The shape is a nuisance, so the interval is the union over two: gaps shrunk together (error spread over
    the bins) and gaps shrunk one by one (error in a few of them); it always holds the measured value. Simulated coverage
    .88-.99 over spread, sloped, alternating and single-bin errors.
    """
    gap = bins.accuracy - bins.confidence
    rate = (bins.accuracy * bins.n + 1) / (bins.n + 2)  # Laplace: a bin without errors still has noise
    variance = rate * (1 - rate) / bins.n
    alone = gap * np.clip(1 - 2 * variance / np.maximum(gap**2, 1e-12), 0, 1)  # each bin by its own noise: a spike stays
    error = _Error(bins, np.random.default_rng(seed))
    low = high = bins.ece
    for shape in (_shrunk(gap, variance), alone):
        size = float(error.share @ np.abs(shape))
        if size > 0 and bins.ece > 0:
            low = min(low, size * error.scale_at(0.975, shape, bins.ece))
            high = max(high, size * error.scale_at(0.025, shape, bins.ece))
    return error.quantile(0.95, np.zeros_like(gap)), (low, high)


class _Error:
    """The distribution of the ECE of given gaps: the same normal draws each time, so that it grows with the gaps."""

    def __init__(self, bins: Reliability, rng: np.random.Generator) -> None:
        self.share = bins.n / bins.n.sum()
        self._bins = bins
        self._draws = rng.normal(size=(RESAMPLES, len(self.share)))

    def quantile(self, level: float, gaps: np.ndarray) -> float:
        """A quantile of the ECE when accuracy is confidence + gaps, with binomial noise at that accuracy."""
        true = np.clip(self._bins.confidence + gaps, 0, 1)
        noise = self._draws * np.sqrt(true * (1 - true) / self._bins.n)
        return float(np.quantile(np.abs(true - self._bins.confidence + noise) @ self.share, level))

    def scale_at(self, level: float, shape: np.ndarray, measured: float) -> float:
        """The c at which `measured` is that quantile for gaps c * shape (0 where chance alone exceeds it)."""
        low, high = 0.0, 1.0
        while high < 64 and self.quantile(level, high * shape) < measured:  # gaps are clipped at 0 and 1, so it may never
            high *= 2
        for _ in range(30):
            middle = (low + high) / 2
            low, high = (middle, high) if self.quantile(level, middle * shape) < measured else (low, middle)
        return low


def _shrunk(gaps: np.ndarray, variance: np.ndarray) -> np.ndarray:
    """(bins,) measured gaps drawn towards their mean by as much as their noise asks for: their own shape is mostly noise.

    James and Stein's positive-part estimator towards the weighted mean (Efron and Morris 1973, JASA 68:117); never all 0.
    """
    mean = float(np.average(gaps, weights=1 / variance))
    spread = float((((gaps - mean) ** 2) / variance).sum())
    kept = max(0.0, 1 - (len(gaps) - 3) / spread) if len(gaps) > 3 and spread > 0 else 1.0
    shrunk = mean + kept * (gaps - mean)
    return shrunk if np.abs(shrunk).max() > 0 else np.ones_like(gaps)


def temperature(outcome: Predictions | None, tolerance: float = 1e-3) -> float | None:
    """The temperature that minimises the NLL of held-out predictions (> 1: overconfident).

    None without them, with fewer than five errors among them (without errors the best temperature is 0), or at a bound. The
    NLL is convex in 1 / T, so golden-section search on its logarithm between 1/20 and 20 finds the one minimum.
    """
    if outcome is None or outcome.probabilities is None or int((outcome.predicted != outcome.label).sum()) < FEWEST_ERRORS:
        return None
    logits, true = _logits(outcome)

    def nll(log_t: float) -> float:
        return _nll_at(logits, true, float(np.exp(log_t)))

    low, high = -np.log(20.0), np.log(20.0)
    ratio = (np.sqrt(5) - 1) / 2
    while high - low > tolerance:
        left, right = high - ratio * (high - low), low + ratio * (high - low)
        low, high = (low, right) if nll(left) < nll(right) else (left, high)
    found = float(np.exp((low + high) / 2))
    return found if 1 / 19 < found < 19 else None


def _nll(outcome: Predictions, t: float) -> float:
    """The mean NLL of predictions whose logits are divided by t."""
    return _nll_at(*_logits(outcome), t)


def _nll_at(logits: np.ndarray, true: np.ndarray, t: float) -> float:
    return float(np.mean(np.log(np.exp(logits / t).sum(axis=1)) - true / t))


def _logits(outcome: Predictions) -> tuple[np.ndarray, np.ndarray]:
    """Logits (n, k) up to a constant, the largest of each row 0, and those of the true classes (n,)."""
    assert outcome.probabilities is not None
    logits = np.log(np.maximum(outcome.probabilities.astype(np.float64), SMALLEST_PROBABILITY))
    logits -= logits.max(axis=1, keepdims=True)
    return logits, logits[np.arange(len(outcome)), outcome.label]
