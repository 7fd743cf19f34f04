"""How far the probabilities can be believed."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np

from dermai_report.measures.cache import once_per_run
from dermai_report.measures.groups import effective_size, group_codes
from dermai_report.measures.intervals import Z95, half_width, mean_interval
from dermai_report.measures.temperature import cooled_losses, expected_spreads, temperature
from dermai_report.report import Calibration, Interval
from dermai_report.run import SMALLEST_PROBABILITY, Run

BINS = 15  # the usual number since Guo et al. 2017
RESAMPLES = 1000
NORMAL = NormalDist()


class Reliability:
    """Equal-mass bins of the top probability: mean confidence, accuracy and n of each, (bins,) arrays."""

    def __init__(self, confidence: np.ndarray, correct: np.ndarray, bins: int = BINS) -> None:
        order = np.argsort(confidence, kind="stable")
        ordered = confidence[order]
        edges = np.linspace(0, len(order), min(bins, max(len(order), 1)) + 1).astype(int)[:-1]
        # Equal confidences share a bin: cut between them, the order of the file would decide which bin gets the errors.
        starts = np.unique(np.searchsorted(ordered, ordered[edges], side="left"))
        self.order = order
        self.n = np.diff(starts, append=len(order))
        self.confidence = np.add.reduceat(ordered, starts) / self.n
        right = correct[order].astype(float)
        self.accuracy = np.add.reduceat(right, starts) / self.n
        self.distance = ordered - right  # of each sample, in that order

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
    codes = group_codes(outcome)
    worth = effective_size(outcome.label == outcome.predicted, codes) / len(outcome)
    (by_chance, p), fitted = ece_by_chance(bins, worth), temperature(run.predictions.get("val"))
    losses = -np.log(np.maximum(true, SMALLEST_PROBABILITY))
    cooled = None if fitted is None else cooled_losses(outcome, fitted)
    gained = None if cooled is None else losses - cooled
    unseen = expected_spreads(outcome, codes, fitted)
    return Calibration(
        ece=bins.ece,
        ece_ci95=ece_interval(bins, worth),
        ece_by_chance=by_chance,
        ece_p=p,
        overconfidence=float(bins.n @ (bins.confidence - bins.accuracy) / bins.n.sum()),
        overconfidence_error=float(np.sqrt(bins.n @ (bins.confidence * (1 - bins.confidence)) / worth) / bins.n.sum()),
        brier=float(brier.mean()),
        brier_ci95=mean_interval(brier, codes, unseen["brier"]),
        nll=float(losses.mean()),
        nll_ci95=mean_interval(losses, codes, unseen["nll"]),
        temperature=fitted,
        nll_with_temperature=None if cooled is None else float(cooled.mean()),
        temperature_gain=None if gained is None else float(gained.mean()),
        temperature_gain_ci95=None if gained is None else mean_interval(gained, codes, unseen["gain"], least=-math.inf),
    )


def ece_interval(bins: Reliability, worth: float = 1.0) -> Interval:
    """95 % interval of the expected calibration error, conservative by design: coverage is at least .95 whatever the gaps are.

    worth: independent samples per sample, below 1 where they come in groups.
    The error measured is biased upward, as noise never cancels in an absolute value: by E|gap + noise| - |gap| a bin, which
    is most where there is no gap. So the upper limit takes off nothing, and the lower one the bias at gaps a standard error
    smaller than those measured. A gap's noise is the most that its absolute value can have.
    """
    share, error = bins.n / bins.n.sum(), _bin_errors(bins, worth)
    half = Z95 * math.sqrt(float((share * error) @ (share * error)))
    return max(bins.ece - _bias(bins, worth)[1] - half, 0.0), min(bins.ece + half, 1.0)


def ece_difference(
    first: np.ndarray, second: np.ndarray, label: np.ndarray, codes: np.ndarray | None = None
) -> tuple[float, float, Interval] | None:
    """The expected calibration errors of two models' (n, k) probabilities of the same samples, and the 95 % interval of the second
    less the first, conservative by design; codes: groups (n,). None for fewer than two samples or groups.

    Sampling moves both by its influences, which are subtracted sample by sample. The errors are biased upward too, a calibrated model's
    most, so that no resampling gives the difference an interval that covers (docs/decisions/0032-predictions.md): each limit takes off
    the bias that would move it furthest, between that of gaps a standard error larger than measured and that of gaps as much smaller.
    """
    worth, pair = [], []
    for table in (first, second):
        right = table.argmax(axis=1) == label
        pair.append(Reliability(table.max(axis=1).astype(np.float64), right))
        worth.append(effective_size(right, codes) / len(label))
    moved = _ece_influence(pair[1]) - _ece_influence(pair[0])
    half = half_width(moved - moved.mean(), codes)
    if half is None:
        return None
    (low1, high1), (low2, high2) = (_bias(bins, w) for bins, w in zip(pair, worth, strict=True))
    difference = pair[1].ece - pair[0].ece
    return pair[0].ece, pair[1].ece, (difference - high2 + low1 - half, difference - low2 + high1 + half)


def _ece_influence(bins: Reliability) -> np.ndarray:
    """How far each sample (n,) moves the error, times n: its own distance of confidence from correctness, with the sign of its bin's."""
    signs = np.repeat(np.sign(bins.confidence - bins.accuracy), bins.n)
    influence = np.empty(len(bins.order))
    influence[bins.order] = signs * bins.distance
    return influence


def _bin_errors(bins: Reliability, worth: float) -> np.ndarray:
    """The standard error (bins,) of the gap of each bin."""
    rate = (bins.accuracy * bins.n + 1) / (bins.n + 2)  # Laplace: a bin without errors still has noise
    return np.asarray(np.sqrt(rate * (1 - rate) / bins.n / worth))


def _bias(bins: Reliability, worth: float) -> tuple[float, float]:
    """How far the measured error lies above the true one: with gaps a standard error larger than measured, and as much smaller."""
    share, error = bins.n / bins.n.sum(), _bin_errors(bins, worth)
    in_errors = np.abs(bins.accuracy - bins.confidence) / error
    found = []
    for gap in (in_errors + 1, np.maximum(in_errors - 1, 0)):
        density = np.exp(-(gap**2) / 2) / math.sqrt(2 * math.pi)
        beyond = np.array([NORMAL.cdf(-float(x)) for x in gap])
        found.append(float(share @ (2 * error * (density - gap * beyond))))
    return found[0], found[1]


def ece_by_chance(bins: Reliability, worth: float = 1.0, seed: int = 0) -> tuple[float, float]:
    """What a perfectly calibrated model shows with so many samples: the 95 % quantile of its error, and how often as much as here.

    worth: as in `ece_interval`.
    """
    noise = np.sqrt(bins.confidence * (1 - bins.confidence) / bins.n / worth)
    draws = np.abs(np.random.default_rng(seed).normal(size=(RESAMPLES, len(noise)))) * noise
    shown = draws @ bins.n / bins.n.sum()
    return float(np.quantile(shown, 0.95)), float((1 + (shown >= bins.ece).sum()) / (1 + RESAMPLES))
