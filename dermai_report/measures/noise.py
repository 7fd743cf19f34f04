"""The epoch-to-epoch noise of a training curve: its size, its correlation, its spikes."""

from __future__ import annotations

import math

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from dermai_report.measures.isotonic import Floats, Ints

MAD_TO_SD = 1 / 0.6745  # the median absolute deviation of a normal is 0.6745 standard deviations
SPIKE_SD = 4.0  # beyond 4 standard deviations a normal epoch falls once in 16,000: no run is that long
NEIGHBOURS = 3  # epochs looked at on each side of a suspected spike: the fewest whose median survives another spike
CLIP_SD = 3.0  # residuals are clipped here, as in Huber's proposal 2: a spike left over must not set the noise
TYPICAL_RHO = 0.3  # lag-1 correlation of the noise before the curve is seen: that of logged curves is 0 to 0.6
TYPICAL_RHO_EPOCHS = 20.0  # the weight of that prior, in epochs


def difference_sd(z: Floats, rho: float | Floats) -> Floats:
    """Standard deviation (rows,) of the noise on each row of z (rows, n >= 3), robust and blind to any slow trend.

    The median absolute second difference, over its value for AR(1) noise of unit variance and lag-1 correlation rho, one for all
    or (rows,).
    """
    spread = np.median(np.abs(np.diff(z, 2, axis=1)), axis=1)
    sd: Floats = spread * MAD_TO_SD / np.sqrt(6 - 8 * rho + 2 * rho**2)
    return sd


def rounding_sd(z: Floats) -> float:
    """The noise that rounding alone makes on z (n,): step / sqrt(12). A curve without two equal values is not rounded."""
    steps = np.diff(np.unique(z))
    return float(steps.min()) / math.sqrt(12) if 0 < len(steps) < len(z) - 1 else 0.0


def despike(z: Floats, sd: float) -> Floats:
    """z (n,) without the epochs that stand out from both sides, up or down; the first and the last two are left alone.

    A dip must also be deeper than the curve is steep there, or the bottom of a sharp valley would be taken for one. The second
    pass finds what a neighbouring spike had hidden.
    """
    inner = slice(1, len(z) - 2)
    for _ in range(2):
        around = sliding_window_view(np.pad(z, NEIGHBOURS, mode="reflect", reflect_type="odd"), 2 * NEIGHBOURS + 1)[inner]
        before, after = around[:, :NEIGHBOURS], around[:, NEIGHBOURS + 1 :]
        levels = np.sort((np.median(before, axis=1), np.median(after, axis=1)), axis=0)
        steps = np.median(np.abs(np.hstack((np.diff(before), np.diff(after)))), axis=1)
        lowest, highest = levels[0] - SPIKE_SD * np.maximum(sd, steps), levels[1] + SPIKE_SD * sd
        z = z.copy()
        z[inner] = np.where(z[inner] > highest, levels[1], np.where(z[inner] < lowest, levels[0], z[inner]))
    return z


def clipped_squares(residual: Floats, sd: float) -> float:
    """Sum of squares of the residuals (n,), each clipped at three standard deviations."""
    scale = max(sd, float(np.median(np.abs(residual))) * MAD_TO_SD)
    return float(np.minimum(residual**2, (CLIP_SD * scale) ** 2).sum())


def lag_one(residual: Floats, levels: Ints, freedom: Floats) -> Floats:
    """Lag-1 correlation (rows,), in [0, 0.9], of the residuals (rows, n) of fits with that many levels and degrees of freedom.

    Fitting a mean to L correlated values lowers the estimate by about 1 / L (Marriott and Pope 1954), so a fit of D levels
    lowers it by D / n; that is given back, and the rest is shrunk to what is typical.
    """
    squares = (residual**2).sum(axis=1)
    seen = (residual[:, 1:] * residual[:, :-1]).sum(axis=1) / np.where(squares > 0, squares, 1)
    weight = freedom / (freedom + TYPICAL_RHO_EPOCHS)
    rho = weight * (seen + levels / residual.shape[1]) + (1 - weight) * TYPICAL_RHO
    inside: Floats = np.clip(rho, 0.0, 0.9)
    return inside


def ar1(white: Floats, rho: Floats) -> Floats:
    """Stationary AR(1) noise (rows, n) of unit variance and lag-1 correlation rho (rows,), from white noise (rows, n)."""
    noise = np.empty_like(white.T)
    noise[0] = white[:, 0]
    innovation = white.T * np.sqrt(1 - rho**2)
    for t in range(1, len(noise)):
        noise[t] = rho * noise[t - 1] + innovation[t]
    return noise.T
