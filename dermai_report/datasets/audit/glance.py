"""What one picture's bytes tell at a glance: its format, mode and size, a thumbnail of its greys, and how sharp it is."""

from __future__ import annotations

import io
from typing import NamedTuple

import numpy as np
from PIL import Image

from dermai_report.datasets import decoding
from dermai_report.datasets.audit.views import SIDE


class Header(NamedTuple):
    """What a file says of its picture: the format, Pillow's mode, width and height in pixels."""

    format: str
    mode: str
    width: int
    height: int


class Glance(NamedTuple):
    """A thumbnail uint8 (32, 32), and the mean change from a pixel to its neighbours at twice that size, in greys."""

    thumbnail: np.ndarray
    sharpness: float


def header(data: bytes) -> Header | None:
    """Read without decoding the picture; None for what no decoder knows."""
    try:
        with Image.open(io.BytesIO(data), formats=decoding.formats()) as file:
            return Header(file.format or "", file.mode, *file.size)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None


def glance(picture: Image.Image) -> Glance:
    """Of a decoded picture, squeezed to a square, so that a copy that was squeezed is still one."""
    twice = picture.convert("L").resize((2 * SIDE, 2 * SIDE), Image.Resampling.BILINEAR)
    greys = np.asarray(twice, np.int16)
    change = np.abs(4 * greys[1:-1, 1:-1] - greys[:-2, 1:-1] - greys[2:, 1:-1] - greys[1:-1, :-2] - greys[1:-1, 2:])
    return Glance(np.asarray(twice.reduce(2)), float(change.mean()) / 4)
