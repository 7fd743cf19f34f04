"""Whether two pictures are copies: laid over each other as well as possible, do their details agree?

Two different moles in the middle of the skin agree in their low frequencies. Copies agree in the edges too, once one is laid over the
other to a fraction of a pixel; so the window that a candidate came with is refined (least squares over position and size, as in Lucas
and Kanade 1981, IJCAI 674), and then both the greys and their details are correlated.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dermai_report.datasets.audit.views import SIDE

ITERATIONS = 6
BORDER = 0.5  # of a thumbnail's pixel: what a window may reach over the edge
FAINT = 2.0
POSITION = (np.arange(SIDE, dtype=np.float32) + 0.5) / SIDE  # of the pixels, as fractions of a side


class Agreement(NamedTuple):
    """Correlations (n,) of the greys and of their details, in [-1, 1], and the refined (n, 4) windows."""

    greys: np.ndarray
    details: np.ndarray
    window: np.ndarray


def agreement(larger: np.ndarray, smaller: np.ndarray, window: np.ndarray) -> Agreement:
    """How far (n, 32, 32) pictures `smaller` show what `larger` show in their (n, 4) windows: top, left, height, width."""
    source, target = larger.astype(np.float32), smaller.astype(np.float32)
    window = window.astype(np.float32).copy()
    normal = _normalised(target)
    best, kept = np.full(len(window), -2.0, np.float32), window.copy()
    for step in range(ITERATIONS):
        shown = cut(source, window)
        score = _mean(_normalised(shown) * normal)
        better = score > best
        best[better], kept[better] = score[better], window[better]
        if step + 1 < ITERATIONS:
            window = _inside(window + _improvement(shown, normal, window))
    shown = cut(source, kept)
    return Agreement(best, _mean(_normalised(_details(shown)) * _normalised(_details(target))), kept)


def cut(pictures: np.ndarray, window: np.ndarray) -> np.ndarray:
    """(n, 32, 32): what each window shows, interpolated linearly."""
    rows, columns = (_sampling(window[:, axis], window[:, axis + 2]) for axis in (0, 1))
    cut: np.ndarray = rows @ pictures @ columns.transpose(0, 2, 1)
    return cut


def _sampling(start: np.ndarray, size: np.ndarray) -> np.ndarray:
    """(n, 32, 32): which pixels of a side each of the 32 of the stretch is made of."""
    at = (start[:, None] + size[:, None] * POSITION) * SIDE - 0.5
    distance = np.abs(at.clip(0, SIDE - 1)[:, :, None] - np.arange(SIDE, dtype=np.float32))
    share: np.ndarray = np.maximum(0, 1 - distance)
    return share


def _improvement(shown: np.ndarray, normal: np.ndarray, window: np.ndarray) -> np.ndarray:
    """The change (n, 4) of the windows after which they show the target best, were pictures linear."""
    spread = shown.std(axis=(1, 2), keepdims=True) + 1e-3
    down, across = np.gradient(shown / spread, axis=(1, 2))
    down, across = down * SIDE / window[:, 2, None, None], across * SIDE / window[:, 3, None, None]
    slopes = np.stack([down, across, down * POSITION[:, None], across * POSITION], axis=1).reshape(len(shown), 4, -1)
    slopes -= slopes.mean(-1, keepdims=True)
    missing = (normal - _normalised(shown)).reshape(len(shown), -1, 1)
    square = slopes @ slopes.transpose(0, 2, 1)
    square += (1e-3 * np.trace(square, axis1=1, axis2=2)[:, None, None] + 1e-6) * np.eye(4, dtype=np.float32)
    change: np.ndarray = np.linalg.solve(square, slopes @ missing)[..., 0]
    return change.clip(-0.05, 0.05)


def _inside(window: np.ndarray) -> np.ndarray:
    """Windows that do not reach over the edge of the picture."""
    margin = BORDER / SIDE
    size = window[:, 2:].clip(0.6, 1 + 2 * margin)
    return np.concatenate([window[:, :2].clip(-margin, 1 + margin - size), size], axis=1)


def _details(pictures: np.ndarray) -> np.ndarray:
    """Pictures less their mean over the neighbourhood, over the contrast there: a frame around a photograph, which many share,
    counts no more than the faint texture inside it. What is fainter than FAINT greys is left faint: it is noise of the compression.
    """
    details = pictures - _around(pictures)
    even: np.ndarray = details / (np.sqrt(_around(details**2)) + FAINT)
    return even


def _around(pictures: np.ndarray) -> np.ndarray:
    """The mean over 5 x 5 pixels."""
    padded = np.pad(pictures, ((0, 0), (2, 2), (2, 2)), mode="edge")
    rows = np.sum([padded[:, n : n + SIDE] for n in range(5)], axis=0)
    mean: np.ndarray = np.sum([rows[:, :, n : n + SIDE] for n in range(5)], axis=0) / 25
    return mean


def _normalised(pictures: np.ndarray) -> np.ndarray:
    centred = pictures - pictures.mean(axis=(1, 2), keepdims=True)
    normal: np.ndarray = centred / (centred.std(axis=(1, 2), keepdims=True) + 1e-3)
    return normal


def _mean(pictures: np.ndarray) -> np.ndarray:
    mean: np.ndarray = pictures.mean(axis=(1, 2))
    return mean
