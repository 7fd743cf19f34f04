"""Does a noisy curve end above its lowest level, since when, and by how much? Order-restricted regression with known noise.

Sources: Robertson, Wright and Dykstra 1988 (falling curves and valleys); Meyer and Woodroofe 2000 (the noise left by a
monotone fit); Andrews and Ploberger 1994, Econometrica 62:1383 (evidence averaged over where a change begins has the most power);
Beran 1988, JASA 83:687 (why the statistic is freed of the noise before it is simulated); Andrews and Soares 2010, Econometrica 78:119
(which falls of the null hypothesis to take as level); Sen, Banerjee and Woodroofe 2010 (why the minimum is not simply bootstrapped);
Breiman 1996, Machine Learning 24:123 (a hard choice made steadier by repeating it on simulated data); Stone 1961, Annals of Mathematical
Statistics 32:1339 (several opinions pooled by averaging their chances).
"""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import NamedTuple

import numpy as np

from dermai_report.measures.isotonic import Floats, Ints, Valleys, bottoms, fit_valleys, valley_curves
from dermai_report.measures.noise import SPIKE_SD, ar1, clipped_squares, difference_sd, lag_one, rounding_sd
from dermai_report.measures.ramps import ramp_gains

NULL_CURVES = 200  # the p-value's moments are then known to about a tenth; more cost time in proportion
RISING_CURVES = 100  # a standard error and a 90 % quantile need fewer
PRIOR_FREEDOM = 4.0  # second differences count as four more degrees of freedom: a fit of few epochs leaves almost none
RHO_SD = 0.24  # root mean square error of `lag_one` in simulations of 5 to 300 epochs, much the same at every length
PRECISION = 2.0**-23  # losses are float32 at best: no relative noise is smaller
COUNTED = 10  # from so many exceedances on a p-value is counted, not extrapolated
END_SHARE, END_MOST = 10, 5  # the end of a run is its last tenth, at most five points: longer would hide a late fall
END_SD = 1.5  # a convention: with 1 to 2, false alarms and recall differ by less than simulations can tell
LEAST_POINTS = 5  # a fall, a turn and a rise, with something left to see noise by

NORMAL = NormalDist()


class Rise(NamedTuple):
    """A curve against its valley, in the units of the curve.

    first: index of the first point after the lowest level of the best valley (n when there is none); onset: that of the first
    point of the rise, as likely earlier as later; low, high: its 90 % interval; floor: the lowest level; end: index of the first
    point that counts as the end; height, error: the end above the floor, without the bias of choosing the lowest, and its
    standard error; p: how often a curve that never rises, with this noise, looks as much like a valley.
    """

    first: int
    onset: int
    low: int
    high: int
    floor: float
    end: int
    height: float
    error: float
    p: float


class Noise(NamedTuple):
    """What is left when the valley is taken off: its standard deviation, degrees of freedom and lag-1 correlation.

    prior: the standard deviation from second differences alone; least: what rounding makes.
    """

    sd: float
    freedom: float
    rho: float
    prior: float
    least: float


def measure_rise(z: Floats) -> Rise:
    """The rise at the end of the curve z (n >= 5 finite points)."""
    seen = z
    z, observed, fit, noise = _settled_fit(seen)
    n = len(z)
    rng = np.random.default_rng(0)  # a report says the same each time
    levels, stops = bottoms(z[None], observed)
    floor, first = float(levels[0]), int(stops[0])
    flat = _flat_bottomed(fit, floor, noise)
    fall, _ = valley_curves(z[None], observed, np.array([n]))
    falling, rising = _simulate(rng, _level_ended(z, fall[0], noise), flat, noise)
    if _ends_alone(seen, noise):  # it may be a spike: the null hypothesis has one there as well
        falling[:, -1] = _highest(falling, n - 1, noise)
    again = fit_valleys(rising)

    end = _end(n, first)
    lowest, turns = bottoms(rising, again)
    height = np.median(rising[:, end:], axis=1) - lowest
    bias = float(height.mean() - (np.median(flat[end:]) - flat.min()))
    unbiased = float(np.median(z[end:])) - floor - bias

    # The epochs that the likelihood ratio cannot tell from the minimum, from the first to the last of them, with the cut at
    # which they hold the true one between them 9 times in 10.
    truth = int(np.flatnonzero(flat <= flat.min()).max()) + 1
    near = np.minimum(again.explained[:, : truth + 1].max(axis=1), again.explained[:, truth:].max(axis=1))
    cut = np.quantile(again.explained.max(axis=1) - near, 0.9)
    inside = np.flatnonzero(observed.explained[0].max() - observed.explained[0] <= cut)
    onset = _onset(z, observed, turns, noise)
    low, high = np.clip((min(inside.min(), onset), max(inside.max(), onset)), 1, n - 1)

    found, null = (_evidence(rows, fits, noise) for rows, fits in ((z[None], observed), (falling, fit_valleys(falling))))
    p = tail_probability(float(found[0]), null)
    error = max(float(height.std()), noise.least)
    return Rise(first, onset, int(low), int(high), floor, end, unbiased, error, p)


def _onset(z: Floats, valleys: Valleys, turns: Ints, noise: Noise) -> int:
    """Index of the first point of the rise of z (n,): the median of three opinions on how likely each point is to be it.

    Where the simulated noise moves the turn of the fit (turns, one a curve), the likelihood of a rise of any kind, and that of a
    rise along a line. Any rise bends into a level bottom and begins too early, a line mistakes a bent rise: where one errs, the
    other two hold the median. A likelihood counts by what it exceeds that of no rise.
    """
    n, power = len(z), noise.freedom / 2 * (1 - noise.rho) / (1 + noise.rho)
    chance = np.bincount(np.minimum(turns, n - 1), minlength=n)[1:] / len(turns)
    fall, lines = (
        valleys.falling[:, -1:],
        ramp_gains(z[None], valleys).reshape(-1, n)[:, :-1],
    )  # a line rises from its second point
    none, *rises = (
        power * np.log(np.maximum(valleys.total - explained, 0) + PRIOR_FREEDOM * noise.prior**2)
        for explained in (fall, valleys.explained[:, 1:n], fall + lines)
    )
    for left in rises:
        likelihood = np.maximum(np.exp(left.min() - left) - np.exp(left.min() - none), 0).sum(axis=0)
        chance += likelihood / max(likelihood.sum(), PRECISION)
    return 1 + int(np.searchsorted(chance.cumsum(), chance.sum() / 2))


def seen_rise(z: Floats) -> float:
    """How far the end of the curve z (n >= 5 points) lies above the floor of its valley, as it is seen."""
    z, observed, _, _ = _settled_fit(z)
    floor, first = bottoms(z[None], observed)
    return float(np.median(z[_end(len(z), int(first[0])) :]) - floor[0])


def tail_probability(value: float, draws: Floats) -> float:
    """P(draw >= value): counted, or where too few of the draws (B,) reach it, from the gamma distribution of their moments.

    The gamma tail is Wilson and Hilferty's (1931): its cube root is nearly normal.
    """
    if value <= PRECISION:
        return 1.0
    reached, mean, variance = int((draws >= value).sum()), float(draws.mean()), float(draws.var())
    if reached >= COUNTED or variance <= 0:
        return (reached + 1) / (len(draws) + 1)
    ninth = variance / mean**2 / 9
    return max(NORMAL.cdf((1 - ninth - (value / mean) ** (1 / 3)) / math.sqrt(ninth)), 1e-15)


def _settled_fit(z: Floats) -> tuple[Floats, Valleys, Floats, Noise]:
    """The curve with its last two points winsorised (a spike there has no second side to show it), its valleys, the best and its noise.

    They may exceed the three before by END_SD, or by one step like the last ones: a smooth rise stays.
    """
    least = max(rounding_sd(z), PRECISION)
    _, _, noise = _fit(z, least)
    z = z.copy()
    for t in (len(z) - 2, len(z) - 1):
        z[t] = min(z[t], _highest(z[None], t, noise)[0])
    return z, *_fit(z, least)


def _highest(y: Floats, t: int, noise: Noise) -> Floats:
    """How high point t of each curve y (rows, n) may lie: END_SD, or a step like the last ones, above the three before it."""
    highest: Floats = y[:, max(0, t - 3) : t].max(axis=1) + np.maximum(END_SD * noise.sd, _step(y, t))
    return highest


def _step(y: Floats, t: int) -> Floats:
    """What is usual from one point to the next before point t of each curve y (rows, n): the median of up to three steps."""
    step: Floats = np.median(np.abs(np.diff(y[:, max(0, t - 4) : t], axis=1)), axis=1)
    return step


def _ends_alone(z: Floats, noise: Noise) -> bool:
    """Whether the last point of z (n,) stands out from those before as an epoch within the curve must to be called a spike.

    It must also be more than so many steps like the last ones: the end of a steep rise is none.
    """
    usual = max(noise.sd, float(_step(z[None], len(z) - 1)[0]))
    return bool(z[-1] > z[-4:-1].max() + SPIKE_SD * usual)


def _level_ended(z: Floats, fall: Floats, noise: Noise) -> Floats:
    """The falling fit (n,) of z (n,), its end made level as far back as no split shows a fall of sqrt(ln n) standard errors.

    The fit falls a little with any noise, and a rise looks rarer after a fall than it is on the level (Andrews and Soares 2010).
    """
    n, start = len(z), np.flatnonzero(np.diff(fall, prepend=np.inf))
    begin, split, total = start[:, None], start[None], np.concatenate(([0.0], np.cumsum(z)))
    before, after = np.maximum(split - begin, 1), n - split
    drop = (total[split] - total[begin]) / before - (total[n] - total[split]) / after
    error = noise.sd * np.sqrt((1 + noise.rho) / (1 - noise.rho) * (1 / before + 1 / after))
    falls = (split > begin) & (drop > math.sqrt(math.log(n)) * error)
    level = start[falls.any(axis=1).argmin()]
    return np.concatenate((fall[:level], np.full(n - level, z[level:].mean())))


def _fit(z: Floats, least: float) -> tuple[Valleys, Floats, Noise]:
    """The valleys of a curve, the best of them (n,), and the noise around it."""
    valleys = fit_valleys(z[None])
    fits, levels = valley_curves(z[None], valleys, valleys.explained.argmax(axis=1))
    fit, freedom = fits[0], float(_freedom(len(z), levels)[0])
    rho = float(lag_one(z - fits, levels, np.array([freedom]))[0])
    prior = max(float(difference_sd(z[None], rho)[0]), least)
    variance = (clipped_squares(z - fit, prior) + PRIOR_FREEDOM * prior**2) / (freedom + PRIOR_FREEDOM)
    return valleys, fit, Noise(max(math.sqrt(variance), least), freedom + PRIOR_FREEDOM, rho, prior, least)


def _freedom(n: int, levels: Ints) -> Floats:
    """Degrees of freedom (rows,) that fits of n points with that many levels leave.

    Meyer and Woodroofe's n - 1.5 D; where nearly every point is a level of its own, each costs one degree and no more.
    """
    freedom: Floats = np.maximum(n - 1.5 * levels, (n - levels) / 2)
    return freedom


def _flat_bottomed(fit: Floats, floor: float, noise: Noise) -> Floats:
    """The valley (n,) with the levels that the noise cannot tell from the floor, within its standard error, put on the floor.

    Of a flat bottom the fit picks the stretch that chance made lowest; simulated from such a fit, the minimum would look
    better known than it is.
    """
    length = int((fit <= fit.min() + PRECISION * noise.least).sum())
    error = noise.sd / math.sqrt(length)
    return np.where(fit <= floor + error, floor, fit)


def _simulate(rng: np.random.Generator, fall: Floats, valley: Floats, noise: Noise) -> tuple[Floats, Floats]:
    """Curves with this fall (NULL_CURVES, n) and with this valley (RISING_CURVES, n), and noise as uncertain as it is."""
    sd = noise.sd * np.sqrt(noise.freedom / rng.chisquare(noise.freedom, NULL_CURVES))
    rho = np.clip(noise.rho + RHO_SD * rng.normal(size=NULL_CURVES), 0, 0.95)
    draws = ar1(rng.normal(size=(NULL_CURVES, len(fall))), rho) * sd[:, None]
    return fall + draws, valley + draws[:RISING_CURVES]


def _end(n: int, first: int) -> int:
    """Where the end of a curve of n points begins, whose rise begins at `first`."""
    return n - max(1, min(n // END_SHARE, n - first, END_MOST))


def _evidence(y: Floats, valleys: Valleys, noise: Noise) -> Floats:
    """How much likelier each curve y (rows, n) is as a fall and a rise than as a fall alone: a logarithm (rows,), 0 for none.

    Averaged over where the rise begins and its shape, and divided by how much the curve's own correlation inflates it: curves of
    little and of much correlated noise then have nearly one distribution, which the simulated ones share.
    """
    n = y.shape[1]
    fit, levels = valley_curves(y, valleys, valleys.explained.argmax(axis=1))
    rho = lag_one(y - fit, levels, _freedom(n, levels))
    prior = np.maximum(difference_sd(y, rho), noise.least)
    left = np.maximum(valleys.total - valleys.explained.max(axis=1), 0) + PRIOR_FREEDOM * prior**2
    inflation = (1 + rho) / (1 - rho)
    ratio = noise.freedom / 2 * np.log1p(ramp_gains(y, valleys) / left[:, None]) / inflation[:, None]
    most = ratio.max(axis=1)
    evidence: Floats = most + np.log(np.exp(ratio - most[:, None]).mean(axis=1))
    return evidence
