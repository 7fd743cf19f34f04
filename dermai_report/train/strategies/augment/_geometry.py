"""Geometry of a batch: one affine map an image, so that any mix of flips, turns, shifts and zooms is one resampling."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from dermai_report.train.strategies.augment._draw import Draw


def warp(
    images: Tensor,
    *,
    angle: Tensor,
    flip: Tensor,
    zoom: Tensor | float = 1.0,
    stretch: Tensor | float = 1.0,
    shift_x: Tensor | float = 0.0,
    shift_y: Tensor | float = 0.0,
    shear: Tensor | float = 0.0,
) -> Tensor:
    """Resample each image once; what comes from outside of it is black.

    angle, shear: radians (n,); flip: bool (n,), mirrors left and right; zoom: above 1 enlarges; stretch: width to height;
    shifts: fractions of half a side.
    """
    cos, sin = torch.cos(angle), torch.sin(angle)
    tilt = torch.tan(torch.as_tensor(shear, device=images.device))
    across = torch.as_tensor(stretch, device=images.device) ** -0.5 / zoom
    down = torch.as_tensor(stretch, device=images.device) ** 0.5 / zoom
    mirror = torch.where(flip, -1.0, 1.0)
    side = images.shape[-1]
    centres = (torch.arange(side, device=images.device) * 2 + 1) / side - 1  # of the pixels, in [-1, 1]
    zero = torch.zeros_like(angle)
    shift = torch.complex(zero + shift_x, zero + shift_y)
    of_rows = torch.complex(mirror * across * (cos * tilt - sin), down * (sin * tilt + cos))
    of_columns = torch.complex(mirror * across * cos, down * sin)
    # A place as one complex number is one sum for each pixel: torch's affine_grid takes many times as long.
    grid = (shift[:, None] + of_rows[:, None] * centres)[:, :, None] + (of_columns[:, None] * centres)[:, None, :]
    planes = images.contiguous()  # channel by channel, grid_sample takes three fifths of the time
    return F.grid_sample(planes, torch.view_as_real(grid), mode="bilinear", padding_mode="zeros", align_corners=False)


def erase(images: Tensor, draw: Draw, chance: float, low: float, high: float) -> Tensor:
    """Black out a rectangle of `low` to `high` of the area in a `chance` of the images (Zhong et al. 2017)."""
    side = images.shape[-1]
    area, ratio = draw(low, high), torch.exp(draw(-1.2, 1.2))  # ratio 0.3 to 3.3, as in the paper
    height, width = (area * ratio).sqrt().clamp(max=1), (area / ratio).sqrt().clamp(max=1)
    top, left = draw(0, 1) * (1 - height), draw(0, 1) * (1 - width)
    place = (torch.arange(side, device=images.device) + 0.5) / side
    in_rows = (place >= top[:, None]) & (place < (top + height)[:, None])
    in_columns = (place >= left[:, None]) & (place < (left + width)[:, None])
    chosen = draw(0, 1) < chance
    hole = in_rows[:, :, None] & in_columns[:, None, :] & chosen[:, None, None]
    return images.masked_fill(hole[:, None], 0.0)
