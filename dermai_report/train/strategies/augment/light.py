"""Mirror, turn a little, vary the colours: the original recipe."""

from __future__ import annotations

import math

from torch import Tensor

from dermai_report.train.strategies.augment._colour import jitter
from dermai_report.train.strategies.augment._draw import Draw
from dermai_report.train.strategies.augment._geometry import warp

ANGLE = math.radians(15)
COLOUR = 0.2


def augment(images: Tensor, draw: Draw) -> Tensor:
    """Mirror half of the images, turn each by up to 15 degrees, vary brightness, contrast and saturation by 20 %."""
    turned = warp(images, angle=draw(-ANGLE, ANGLE), flip=draw(0, 1) < 0.5)
    return jitter(turned, draw, COLOUR)
