"""For small data sets: zoom and crop, affine maps, strong colours, erased rectangles."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from dermai_report.train.strategies.augment._colour import jitter
from dermai_report.train.strategies.augment._draw import Draw
from dermai_report.train.strategies.augment._geometry import erase, warp

ANGLE, SHEAR = math.radians(30), math.radians(10)
LEAST_AREA = 0.5  # of the picture in a random crop; less can cut away what the label is about
COLOUR = 0.4


def augment(images: Tensor, draw: Draw) -> Tensor:
    """Random resized crop, mirror, turn by up to 30 degrees, shear, vary the colours by up to 40 %, erase in a quarter."""
    zoom = draw(LEAST_AREA, 1).rsqrt()
    room = 1 - 1 / zoom  # how far the crop can move before it leaves the picture
    warped = warp(
        images,
        angle=draw(-ANGLE, ANGLE),
        flip=draw(0, 1) < 0.5,
        zoom=zoom,
        stretch=torch.exp(draw(-math.log(4 / 3), math.log(4 / 3)) / 2),
        shift_x=draw(-1, 1) * room,
        shift_y=draw(-1, 1) * room,
        shear=draw(-SHEAR, SHEAR),
    )
    return erase(jitter(warped, draw, COLOUR), draw, chance=0.25, low=0.02, high=0.2)
