"""Noise and trend of a short, autocorrelated series."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np

from dermai_report.measures.noise import difference_sd

# Noise from few epochs, and later epochs that are as good as the best, make the last look worse: only this part of the distance counts,
# less an offset. Fitted to 2,548 simulated findings; with .75 of the distance and no offset .9 was claimed where .79 was right.
SHRUNK, OFFSET = 0.6, 0.15
MOST = 0.95  # noise estimated from few epochs, with tails heavier than normal, supports no more


def noise_scale(values: np.ndarray) -> float:
    """Standard deviation of the noise around a smooth curve, from the second differences of (n,) values; NaN for n < 5.

    A straight line has second differences 0, and those of white noise have variance 6 sigma^2; the median resists spikes.
    """
    finite = values[np.isfinite(values)]
    if len(finite) < 5:
        return math.nan
    return float(difference_sd(finite[None], 0.0)[0])


def chance_still_worse(losses: np.ndarray) -> float:
    """Chance, in (0, 1), that the last of (n,) positive losses is worse than the lowest by more than noise; 0.5: cannot tell.

    On the logarithm, with the noise of `noise_scale`: the lowest of n noisy values is low by about their expected minimum
    (Blom 1958: the (n - 3/8) / (n + 1/4) quantile of a normal), which is taken off the difference first. Calibrated by
    simulation (benchmarks/confidence.py).
    """
    if len(losses) and not np.isfinite(losses[-1]):
        return MOST
    finite = losses[np.isfinite(losses)]
    if len(finite) < 5 or finite.min() <= 0:
        return 0.5
    noise = noise_scale(np.log(finite))
    if noise == 0:
        return 0.5
    n = len(finite)
    luck = NormalDist().inv_cdf((n - 0.375) / (n + 0.25)) * noise
    chance = NormalDist().cdf(SHRUNK * (math.log(finite[-1] / finite.min()) - luck) / (math.sqrt(2) * noise) - OFFSET)
    return min(chance, MOST)


def lag_one_correlation(values: np.ndarray) -> float:
    """Lag-1 autocorrelation of (n,) values, in [0, 0.9]; 0 for a constant."""
    centred = values - values.mean()
    power = float(centred @ centred)
    return min(max(float(centred[1:] @ centred[:-1]) / power, 0.0), 0.9) if power > 0 else 0.0


def theil_sen(values: np.ndarray) -> float:
    """Median slope per step over all pairs of (n,) values (Theil 1950, Sen 1968)."""
    i, j = np.triu_indices(len(values), 1)
    return float(np.median((values[j] - values[i]) / (j - i)))


def mann_kendall(values: np.ndarray) -> float:
    """Two-sided p of "no trend" for (n,) values, n >= 4 (1.0 below), corrected for lag-1 autocorrelation.

    z is divided by sqrt((1 + rho) / (1 - rho)), rho that of the residuals from the Theil-Sen line: uncorrected, the test
    fires on 18-35 % of trendless series at rho 0.6. Sources: Mann 1945; Kendall 1975; Hamed and Rao 1998, J. Hydrology 204:182.
    """
    n = len(values)
    if n < 4:
        return 1.0
    i, j = np.triu_indices(n, 1)
    score = float(np.sign(values[j] - values[i]).sum())
    _, ties = np.unique(values, return_counts=True)
    variance = (n * (n - 1) * (2 * n + 5) - float((ties * (ties - 1) * (2 * ties + 5)).sum())) / 18
    if variance <= 0 or score == 0:
        return 1.0
    rho = lag_one_correlation(values - theil_sen(values) * np.arange(n))
    z = (score - math.copysign(1, score)) / math.sqrt(variance) / math.sqrt((1 + rho) / (1 - rho))
    return 2 * (1 - NormalDist().cdf(abs(z)))


def alternates(values: np.ndarray) -> bool:
    """Whether (n,) values turn often enough to be noise: a smooth curve, however bent, has second differences of one sign.

    Second differences of white noise change sign between neighbours with probability 0.73 (their correlation is -2/3); half
    of that is asked for.
    """
    turns = np.sign(np.diff(values[np.isfinite(values)], 2))
    return len(turns) > 1 and float((turns[1:] != turns[:-1]).mean()) >= 0.37


def relative_noise(losses: np.ndarray) -> float | None:
    """The noise of (n,) losses around a smooth curve, as a fraction of the loss.

    None where it cannot be told: fewer than five finite losses, one that is not positive, or a curve too smooth to be noise.
    """
    finite = losses[np.isfinite(losses)]
    if len(finite) < 5 or finite.min() <= 0 or not alternates(np.log(finite)):
        return None
    return noise_scale(np.log(finite))


def chance_noisier(seen: float, threshold: float, n: int) -> float:
    """Chance that the noise of n epochs is above a threshold, where `relative_noise` saw so much, any noise being as likely before.

    The logarithm of that estimate has a standard error of 1.43 / sqrt(n), from n = 6 to 100 (simulated): it is the median of
    n - 2 second differences that depend on each other.
    """
    return NormalDist().cdf(math.log(seen / threshold) * math.sqrt(n) / 1.43) if seen > 0 else 0.0


KAPPA = 0.06  # the factor is then 1 at p = .05; how often findings from there on were right is in docs/decisions/0036


def evidence(p: float) -> float:
    """How sure a p-value makes an effect at even prior odds, from 0.5 up to 0.98.

    By the Bayes factor kappa p^(kappa - 1), the density of p under an effect against that under none (Sellke, Bayarri and Berger 2001,
    American Statistician 55:62; Vovk and Wang 2021, Annals of Statistics 49:1736). "p < .05" is no 95 %: p = .05 leaves the odds as they
    were, .01 makes .82, .001 makes .98. The kappa that fits each p best gives the bound of Sellke, Bayarri and Berger, .71 for p = .05, the
    average over kappa .64: both claim more there than is right (benchmarks/confidence.py).
    """
    if p <= 0:
        return 0.98
    factor = float(KAPPA * p ** (KAPPA - 1))
    return min(max(factor / (1 + factor), 0.5), 0.98)
