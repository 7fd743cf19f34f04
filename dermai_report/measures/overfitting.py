"""Is the validation loss really rising? The verdict, its confidence, the epoch since when, and a sentence or two why.

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
from dermai_report.measures.rise import LEAST_POINTS, NORMAL, Rise, measure_rise, seen_rise
from dermai_report.report import Overfitting, Verdict
from dermai_report.wording import nats, percent, plural

SMALL = math.log(1.05)  # Prechelt's GL5: a rise under 5 % is not called overfitting
MOST_POINTS = 80  # longer runs are averaged in blocks (4 epochs in 300): less than an onset can be known to, and 20 ms a run
SINGLE_DOUBT = 56 / 73  # of 73 public runs 20 % up one epoch after the best, 56 later set a new best
DOUBT_LEFT = 0.5  # each further elevated epoch halves it: of public runs whose rise was believed, so many came back (.34-.68)
NONE_ELEVATED = 0.2  # a convention: the fit may rise although no epoch after the best is 5 % up
UNSTABLE_DOUBT = 0.8  # a convention: when the training loss rises as well, the run is unstable rather than overfitted
MEMORISED = 0.01  # a training loss below this share of its range is as good as zero: its ratios mean nothing
PROVISIONAL, LIKELY, CERTAIN, MOST = 0.10, 0.50, 0.95, 0.999
BELOW_LIKELY = 0.49
LIKELY_EPOCHS, CERTAIN_EPOCHS = 2, 4


class Curve(NamedTuple):
    """A loss ready for the test, made of its finite epochs.

    z (points,): ln loss (loss / range where one is not positive) without its spikes, long runs averaged in blocks; start
    (points,): which finite epoch each block begins with; at, scaled (finite epochs,): positions in the log, and the losses in
    the units of z; relative: whether z is a logarithm, so that a difference of ln 1.05 is 5 %.
    """

    z: Floats
    start: Ints
    at: Ints
    scaled: Floats
    relative: bool


def detect_overfitting(
    train_loss: Sequence[float] | None,
    val_loss: Sequence[float],
    *,
    epochs: Sequence[int] | None = None,
    metric: str = "loss",
) -> Overfitting:
    """Whether the validation loss has turned upwards for good, with a confidence in [0, 1].

    train_loss, val_loss: one value an epoch, in any unit (train may be None or empty; NaN and inf are left out). Onset and
    interval are positions in val_loss from 1, or the numbers in `epochs` (as long as val_loss); metric is what `reason` calls
    the values. Deterministic, and the same for losses in other units. Too little data gives "unknown", no error.
    """
    val = np.asarray(val_loss, dtype=np.float64).ravel()
    train = np.asarray(train_loss if train_loss is not None else [], dtype=np.float64).ravel()
    number = np.arange(1, len(val) + 1) if epochs is None else np.asarray(epochs, dtype=np.int64)
    finite = np.isfinite(val)
    tail = len(val) - 1 - int(np.flatnonzero(finite).max(initial=-1))
    diverged = f"The run diverged: no finite validation {metric} in the last {plural(tail, 'epoch')}. " if tail > 0 else ""
    if finite.sum() < LEAST_POINTS:
        few = f"Only {plural(int(finite.sum()), 'epoch')} with a finite validation {metric}: too few to tell a rise from noise."
        none = f"No finite validation {metric} was logged."
        return Overfitting("unknown", False, None, 0.0, reason=diverged + few if finite.any() else none)
    if _constant(val[finite]):
        return Overfitting("none", False, None, 0.0, reason=f"{diverged}The validation {metric} is the same in every epoch.")

    curve = prepare(val)
    rise = measure_rise(curve.z)
    elevated = _elevated(curve, rise)
    unstable = _train_rises(train, rise.height)
    confidence = _confidence(rise, elevated, len(curve.z)) * (1 - UNSTABLE_DOUBT * unstable)
    reason = diverged + _reason(curve, rise, elevated, unstable, train, number, metric)
    return _record(curve, rise, elevated, confidence, number, reason)


def prepare(loss: Floats, memorised: float = 0.0) -> Curve:
    """A loss (epochs,) with at least five finite and two different values, ready for the test.

    memorised: this share of the range is added first, which leaves ratios of almost nothing without weight.
    """
    at = np.flatnonzero(np.isfinite(loss))
    x = loss[at] / np.abs(loss[at]).max()
    if memorised:
        x = x - min(x.min(), 0.0) + memorised * np.ptp(x)
    relative = bool(x.min() > 0)
    scaled = np.log(x) if relative else x / np.ptp(x)
    clean = despike(scaled, float(difference_sd(scaled[None], TYPICAL_RHO)[0]))
    start = np.arange(0, len(x), math.ceil(len(x) / MOST_POINTS))
    z = np.add.reduceat(clean, start) / np.diff(start, append=len(x))
    return Curve(z, start, at, scaled, relative)


def bayes_factor(p: float, n: int) -> float:
    """Evidence for an effect over none, from its p-value and n observations: Wagenmakers' 3 p sqrt(n) rule and its branches."""
    against = 3 * p if p <= 0.1 else 4 / 3 * math.cbrt(p) ** 2 if p <= 0.5 else math.sqrt(math.sqrt(p))
    return 1 / (against * math.sqrt(n))


def _confidence(rise: Rise, elevated: int, n: int) -> float:
    """The product of: it rises, by more than 5 %, and lastingly."""
    lasting = 1 - SINGLE_DOUBT * DOUBT_LEFT ** (elevated - 1) if elevated else NONE_ELEVATED
    return min(_rises_by(SMALL, rise, n) * lasting, MOST)


def _rises_by(least: float, rise: Rise, n: int) -> float:
    """How sure it is that a curve of n points rises (even odds before looking), and by more than `least` if it rises."""
    evidence = bayes_factor(rise.p, n)
    rises, large = (NORMAL.cdf((rise.height - height) / rise.error) for height in (0.0, least))
    return float(evidence / (1 + evidence) * large / max(rises, 1e-300))


def _elevated(curve: Curve, rise: Rise) -> int:
    """How many epochs after the best are more than 5 % above it, spikes included: they are counted, not averaged."""
    after = curve.scaled[curve.start[rise.first] :] if rise.first < len(curve.z) else curve.scaled[:0]
    return int((after > rise.floor + SMALL).sum())


def _train_rises(train: Floats, height: float) -> float:
    """How sure it is that the training loss rises too, by 5 % and half of the validation's rise, by the same test."""
    finite = train[np.isfinite(train)]
    if len(finite) < LEAST_POINTS or _constant(finite):
        return 0.0
    z, least = prepare(train, MEMORISED).z, max(SMALL, height / 2)
    if seen_rise(z) < least:  # what is seen only ever overstates: the lowest level was chosen for being lowest
        return 0.0
    return _rises_by(least, measure_rise(z), len(z))


def _record(curve: Curve, rise: Rise, elevated: int, confidence: float, number: Ints, reason: str) -> Overfitting:
    """The verdict in words; without enough elevated epochs the confidence is held below the next word."""
    if elevated < LIKELY_EPOCHS:
        confidence = min(confidence, BELOW_LIKELY)
    verdict: Verdict = "none" if confidence < PROVISIONAL else "provisional" if confidence < LIKELY else "likely"
    if confidence >= CERTAIN and elevated >= CERTAIN_EPOCHS:
        verdict = "certain"
    shown = max(_shown(curve, rise), 0.0) if curve.relative else None
    if verdict == "none":
        return Overfitting(verdict, False, None, confidence, None, shown, elevated, reason)
    block = np.append(curve.start, len(curve.at))
    onset, low, high = (int(number[curve.at[i]]) for i in (block[rise.onset], block[rise.low], block[rise.high + 1] - 1))
    if rise.onset != rise.first:
        reason += f" The rise is as likely to have begun before epoch {onset} as after it."
    return Overfitting(verdict, confidence >= LIKELY, onset, confidence, (low, high), shown, elevated, reason)


def _shown(curve: Curve, rise: Rise) -> float:
    """The end of the run above its lowest level, as a reader of the log sees it: a fraction of it, or of the range."""
    seen = float(np.median(curve.scaled[curve.start[rise.end] :])) - rise.floor
    return math.expm1(seen) if curve.relative else seen


def _reason(curve: Curve, rise: Rise, elevated: int, unstable: float, train: Floats, number: Ints, metric: str) -> str:
    """One sentence with this run's numbers, which claims no more than the test does."""
    lowest, up = int(number[curve.at[_lowest(curve, rise)]]), _shown(curve, rise)
    if rise.first == len(curve.z) or up <= 0:
        return f"The validation {metric} ends at its lowest level (epoch {lowest}): it has not turned upwards."
    of = "" if curve.relative else " of its range"
    seen = curve.scaled.argmin() == _lowest(curve, rise)  # of a noisy curve the lowest epoch and the lowest of the fit may part
    level = f"level (epoch {lowest})" if seen else f"fitted level (up to epoch {lowest})"
    what = f"The validation {metric} ends {percent(up, 1)}{of} above its lowest {level}"
    if up < 0.05:
        return f"{what}: a rise under 5 % is not called overfitting."
    chance = "under 0.1 %" if rise.p < 0.001 else percent(rise.p, 1)
    judged = f"; of runs that never rise, {chance} would look as much like it by their noise"
    if elevated == 1:
        judged = ": one epoch cannot tell overfitting from a spike"
    elif unstable >= 0.5:
        judged = f"; the training {metric} ends above its own lowest level as well, as in an unstable run"
    later = plural(len(curve.at) - 1 - _lowest(curve, rise), "later epoch")
    return f"{what}, {elevated} of {later} more than 5 %{of} above it{judged}{_train_words(curve, rise, train)}."


def _train_words(curve: Curve, rise: Rise, train: Floats) -> str:
    """What the training loss did between the validation loss's lowest epoch and its last, where both were logged."""
    lowest, last = int(curve.at[_lowest(curve, rise)]), int(curve.at[-1])
    if lowest == last or last >= len(train) or not np.isfinite(train[[lowest, last]]).all():
        return ""
    return f"; training meanwhile went from {nats(train[lowest])} to {nats(train[last])}"


def _lowest(curve: Curve, rise: Rise) -> int:
    """Which finite epoch is the last of the lowest level."""
    return int(np.append(curve.start, len(curve.at))[rise.first]) - 1


def _constant(loss: Floats) -> bool:
    return bool((loss == loss[0]).all())
