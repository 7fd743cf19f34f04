"""Is the validation loss really rising? The verdict, its confidence, the epoch since when, and one sentence why.

A naive rule ("the last loss is 5 % above the lowest", Prechelt's GL5) raises a false alarm on nearly half of noisy runs. Here
a rise must be more than the noise of this very run explains, more than 5 %, and seen in more than one epoch.

Sources: Prechelt, Early stopping - but when? (1998); those of the regression are in `rise`; Wagenmakers, Approximate objective
Bayes factors from p-values and sample size (2022), sharpening the bound of Sellke, Bayarri and Berger (2001).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from dermai_report.measures.isotonic import Floats, Ints
from dermai_report.measures.noise import TYPICAL_RHO, despike, difference_sd
from dermai_report.measures.rise import LEAST_POINTS, NORMAL, Rise, measure_rise
from dermai_report.report import Overfitting, Verdict

SMALL = math.log(1.05)  # Prechelt's GL5: a rise under 5 % is not called overfitting
MOST_POINTS = 120  # longer runs are averaged in blocks, which are narrower than any interval of the onset
SINGLE_DOUBT = 56 / 73  # of 73 public runs 20 % up one epoch after the best, 56 later set a new best
DOUBT_LEFT = 0.4  # a convention: each further elevated epoch leaves this much of that doubt
NONE_ELEVATED = 0.2  # a convention: the fit may rise although no epoch after the best is 5 % up
UNSTABLE_DOUBT = 0.8  # a convention: when the training loss rises as well, the run is unstable rather than overfitted
MEMORISED = 0.01  # a training loss below this share of its range is as good as zero: its ratios mean nothing
PROVISIONAL, LIKELY, CERTAIN, MOST = 0.10, 0.50, 0.95, 0.999
LIKELY_EPOCHS, CERTAIN_EPOCHS = 2, 4


class Curve(NamedTuple):
    """A loss ready for the test, made of its finite epochs.

    z (points,): ln loss (loss / range where one is not positive) without its spikes, long runs averaged in blocks; start
    (points,): the index of the first epoch of each block; number, loss, scaled (epochs,): epoch numbers, the losses, and
    these in the units of z; relative: whether z is a logarithm, so that a difference of ln 1.05 is 5 %.
    """

    z: Floats
    start: Ints
    number: Ints
    loss: Floats
    scaled: Floats
    relative: bool


def detect_overfitting(train_loss: Sequence[float] | None, val_loss: Sequence[float]) -> Overfitting:
    """Whether the validation loss has turned upwards for good, with a confidence in [0, 1].

    train_loss, val_loss: one value an epoch in any positive unit (train may be None or empty; NaN and inf are left out); onset
    and interval are positions in val_loss from 1. Deterministic, and the same for losses in other units. Raises nothing.
    """
    val = np.asarray(val_loss, dtype=np.float64).ravel()
    train = np.asarray(train_loss if train_loss is not None else [], dtype=np.float64).ravel()
    finite = np.isfinite(val)
    tail = len(val) - 1 - int(np.flatnonzero(finite).max(initial=-1))
    diverged = f"The run diverged: no finite validation loss in the last {_epochs(tail)}. " if 0 < tail < len(val) else ""
    if finite.sum() < LEAST_POINTS:
        return _unknown(diverged, int(finite.sum()))
    if np.ptp(val[finite] / np.abs(val[finite]).max(initial=1e-300)) == 0:
        return Overfitting("none", False, None, 0.0, reason=diverged + "The validation loss is the same in every epoch.")

    curve = prepare(val)
    rise = measure_rise(curve.z)
    after = curve.scaled[curve.start[rise.first] :] if rise.first < len(curve.z) else curve.scaled[:0]
    elevated = int((after > rise.floor + SMALL).sum())
    unstable = _train_rises(train, rise.height)
    confidence = _confidence(rise, elevated, len(curve.z)) * (1 - UNSTABLE_DOUBT * unstable)
    return _record(curve, rise, elevated, confidence, diverged + _reason(curve, rise, elevated, unstable, train))


def prepare(loss: Floats, memorised: float = 0.0) -> Curve:
    """A loss (epochs,) with at least five finite and two different values, ready for the test.

    memorised: this share of the range is added first, which leaves ratios of almost nothing without weight.
    """
    number = np.flatnonzero(np.isfinite(loss))
    x = loss[number] / np.abs(loss[number]).max()
    if memorised:
        x = x - min(x.min(), 0.0) + memorised * np.ptp(x)
    relative = bool(x.min() > 0)
    scaled = np.log(x) if relative else x / np.ptp(x)
    clean = despike(scaled, float(difference_sd(scaled[None], TYPICAL_RHO)[0]))
    width = math.ceil(len(x) / MOST_POINTS)
    start = np.arange(0, len(x), width)
    z = np.add.reduceat(clean, start) / np.diff(start, append=len(x))
    return Curve(z, start, number + 1, loss[number], scaled, relative)


def bayes_factor(p: float, n: int) -> float:
    """Evidence for an effect over none, from its p-value and n observations: Wagenmakers' 3 p sqrt(n) rule and its branches."""
    root = math.sqrt(n)
    if p <= 0.1:
        return 1 / (3 * p * root)
    return 1 / (4 / 3 * p ** (2 / 3) * root) if p <= 0.5 else 1 / (p**0.25 * root)


def _confidence(rise: Rise, elevated: int, n: int) -> float:
    """The product of: it rises at all (even odds before looking), by more than 5 %, and lastingly."""
    evidence = bayes_factor(rise.p, n)
    large = NORMAL.cdf((rise.height - SMALL) / rise.error)
    lasting = 1 - SINGLE_DOUBT * DOUBT_LEFT ** (elevated - 1) if elevated else NONE_ELEVATED
    return min(evidence / (1 + evidence) * large * lasting, MOST)


def _train_rises(train: Floats, height: float) -> float:
    """How sure it is that the training loss ends above its own lowest level too, by 5 % and half of the validation's rise."""
    finite = train[np.isfinite(train)]
    if len(finite) < LEAST_POINTS or np.ptp(finite / max(np.abs(finite).max(), 1e-300)) == 0:
        return 0.0
    rise = measure_rise(prepare(train, MEMORISED).z)
    return NORMAL.cdf((rise.height - max(SMALL, height / 2)) / rise.error)


def _record(curve: Curve, rise: Rise, elevated: int, confidence: float, reason: str) -> Overfitting:
    """The verdict in words; without enough elevated epochs the confidence is held below the next word."""
    if elevated < LIKELY_EPOCHS:
        confidence = min(confidence, LIKELY - 0.01)
    verdict: Verdict = "none" if confidence < PROVISIONAL else "provisional" if confidence < LIKELY else "likely"
    if confidence >= CERTAIN and elevated >= CERTAIN_EPOCHS:
        verdict = "certain"
    shown = math.expm1(max(rise.seen, 0.0)) if curve.relative else None
    if verdict == "none":
        return Overfitting(verdict, False, None, confidence, None, shown, elevated, reason)
    onset, low, high = (int(curve.number[curve.start[i]]) for i in (rise.first, rise.low, rise.high))
    return Overfitting(verdict, confidence >= LIKELY, onset, confidence, (low, high), shown, elevated, reason)


def _unknown(diverged: str, finite: int) -> Overfitting:
    what = f"{_epochs(finite)} with a finite validation loss: too few" if finite else "No finite validation loss: nothing"
    return Overfitting("unknown", False, None, 0.0, reason=f"{diverged}{what} to tell a rise from noise.")


def _reason(curve: Curve, rise: Rise, elevated: int, unstable: float, train: Floats) -> str:
    return f"{rise}"


def _epochs(count: int) -> str:
    return f"{count} epoch" if count == 1 else f"{count} epochs"
