"""For small data sets: zoom and crop, affine maps, strong colours, erased rectangles."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from dermai_report.train.strategies.augment._colour import jitter
from dermai_report.train.strategies.augment._geometry import erase, uniform, warp

ANGLE, SHEAR = math.radians(30), math.radians(10)
LEAST_AREA = 0.5  # of the picture in a random crop; less can cut away what the label is about
COLOUR = 0.4


def augment(images: Tensor) -> Tensor:
    """Random resized crop, mirror, turn by up to 30 degrees, shear, vary the colours by up to 40 %, erase in a quarter."""
    zoom = uniform(images, LEAST_AREA, 1).rsqrt()
    room = 1 - 1 / zoom  # how far the crop can move before it leaves the picture
    warped = warp(
        images,
        angle=uniform(images, -ANGLE, ANGLE),
        flip=uniform(images, 0, 1) < 0.5,
        zoom=zoom,
        stretch=torch.exp(uniform(images, -math.log(4 / 3), math.log(4 / 3)) / 2),
        shift_x=uniform(images, -1, 1) * room,
        shift_y=uniform(images, -1, 1) * room,
        shear=uniform(images, -SHEAR, SHEAR),
    )
    return erase(jitter(warped, COLOUR), chance=0.25, low=0.02, high=0.2)
