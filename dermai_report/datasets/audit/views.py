"""What a picture looks like through a window of it: the signs of its low frequencies, for the whole and for every likely crop.

The perceptual hash of a whole picture finds copies that were recompressed, resized or relit. A crop moves everything in it, and no
tolerance of a hash makes up for that. So each picture is looked at through windows that leave a border out: a crop of it looks, as a
whole, like one of these. All of it is linear in the pixels of a thumbnail, so that windows cost two small matrix products, and
mirroring costs nothing: it changes the sign of every odd horizontal frequency.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np

SIDE = 32  # of a thumbnail, in pixels
ORDER = 8  # frequencies in each direction; without the mean, 63 bits
SCALES = (1.0, 0.95, 0.9, 0.85, 0.8)  # of a window's side to the picture's
STEP = 0.05  # between windows of one scale, of the picture's side; the signs bear about half of it


class Window(NamedTuple):
    """A part of a picture: where it begins and how long it is, as fractions of height and width."""

    top: float
    left: float
    height: float
    width: float


@cache
def windows() -> tuple[Window, ...]:
    """The whole picture first, then 54 windows of 95 to 80 % of its sides."""
    return tuple(Window(top, left, size, size) for size in SCALES for top in _starts(size) for left in _starts(size))


def coefficients(thumbnails: np.ndarray, *, whole: bool = False) -> np.ndarray:
    """float32 (n, windows, 63): the cosine transform of (n, 32, 32) greys through every window, low frequencies first.

    whole: through the first window alone, the picture itself: (n, 1, 63).
    """
    bases, row, column = _layout()
    greys = thumbnails.astype(np.float32)
    if whole:
        bases, row, column = bases[:1], row[:1], column[:1]
    stacked = bases.reshape(-1, SIDE)
    every = (stacked @ greys @ stacked.T).reshape(len(greys), len(bases), ORDER, len(bases), ORDER)
    down, across = _frequencies()
    seen: np.ndarray = every[:, row[:, None], down, column[:, None], across]
    return seen


def bits(coefficients: np.ndarray) -> np.ndarray:
    """uint64 (...): the sign of each of (..., 63) coefficients, the lowest frequency in the highest of 63 bits."""
    weights = np.uint64(1) << np.arange(coefficients.shape[-1], dtype=np.uint64)[::-1]
    signs: np.ndarray = np.where(coefficients > 0, weights, np.uint64(0)).sum(-1, dtype=np.uint64)
    return signs


@cache
def odd() -> np.ndarray:
    """What mirroring a picture, left to right, multiplies its (63,) coefficients by: -1 for odd frequencies across, else 1."""
    return np.where(_frequencies()[1] % 2, -1.0, 1.0).astype(np.float32)


@cache
def mirror() -> np.uint64:
    """Which bits change when a picture is mirrored."""
    return np.uint64(bits(-odd()))


def correlation(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Of (n, 63) coefficients, in [-1, 1] (n,). High frequencies count in proportion: in pictures they are as much smaller."""
    down, across = _frequencies()
    weight = (down**2 + across**2).astype(np.float32)
    size = (weight * one**2).sum(-1) * (weight * other**2).sum(-1)
    product: np.ndarray = (weight * one * other).sum(-1) / np.sqrt(np.maximum(size, 1e-12))
    return product


def _starts(size: float) -> list[float]:
    count = round((1 - size) / STEP) + 1
    return [STEP * n for n in range(count)]


@cache
def _frequencies() -> tuple[np.ndarray, np.ndarray]:
    """Down and across, (63,) each, by rising frequency."""
    pairs = [(down, across) for down in range(ORDER) for across in range(ORDER) if down or across]
    pairs.sort(key=lambda pair: (pair[0] ** 2 + pair[1] ** 2, pair))
    down, across = np.array(pairs).T
    return down, across


@cache
def _layout() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The bases (m, 8, 32) of the m distinct stretches of a side, and for each window which is its vertical and horizontal one."""
    stretches = sorted({(w.top, w.height) for w in windows()}, key=lambda s: (-s[1], s[0]))
    bases = np.stack([_basis(start, size) for start, size in stretches]).astype(np.float32)
    row = np.array([stretches.index((w.top, w.height)) for w in windows()])
    column = np.array([stretches.index((w.left, w.width)) for w in windows()])
    return bases, row, column


def _basis(start: float, size: float) -> np.ndarray:
    """Cosines (8, 32) over a stretch of a side; a pixel that the stretch covers in part counts in part."""
    pixel = np.arange(SIDE)
    low, high = start * SIDE, (start + size) * SIDE
    left, right = np.clip(pixel, low, high), np.clip(pixel + 1, low, high)
    centre = ((left + right) / 2 - low) / (high - low)
    return (right - left) * np.cos(np.pi * np.arange(ORDER)[:, None] * centre) / (high - low)
