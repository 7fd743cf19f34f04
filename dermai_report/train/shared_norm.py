"""BatchNorm over the pictures of all processes, so that a step on several is the step of one.

torch.nn.SyncBatchNorm refuses tensors on a processor; this is its formula, on whatever device the processes exchange tensors from.
Source: Ioffe and Szegedy 2015, of which `_Normalised` has the gradient.
"""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import Tensor, nn

from dermai_report.train import distributed


class SharedBatchNorm2d(nn.BatchNorm2d):
    """BatchNorm2d whose statistics in training mode are of the batches of all processes; with the same keys."""

    def forward(self, input: Tensor) -> Tensor:
        """The (n, channels, height, width) pictures of this process, normalised by the mean and the variance of everybody's."""
        if not self.training or distributed.size() == 1:
            return super().forward(input)
        sums = distributed.total(
            torch.cat([_sum(input.detach()), input.new_tensor([input.numel() / input.shape[1]], dtype=torch.float64)])
        )
        mean, count = sums[:-1] / sums[-1], sums[-1]
        variance = distributed.total(_sum((input.detach().float() - _as_channels(mean)) ** 2)) / count
        self._follow(mean, variance * count / (count - 1).clamp_min(1))
        normalised = _Normalised.apply(input, mean, torch.rsqrt(variance + self.eps), count)  # type: ignore[no-untyped-call]
        return cast(Tensor, normalised * _as_channels(self.weight) + _as_channels(self.bias)).to(input.dtype)

    @torch.no_grad()
    def _follow(self, mean: Tensor, variance: Tensor) -> None:
        """Move the statistics that evaluation uses towards these; without a momentum they are the mean of all so far."""
        tracked, running_mean, running_var = (
            cast(Tensor, b) for b in (self.num_batches_tracked, self.running_mean, self.running_var)
        )
        tracked += 1
        step = 1 / float(tracked) if self.momentum is None else self.momentum
        running_mean.lerp_(mean.float(), step)
        running_var.lerp_(variance.float(), step)


def share_statistics(net: nn.Module) -> None:
    """Let the BatchNorm layers of a network see the pictures of all processes; with one process nothing is changed."""
    if distributed.size() > 1:
        for module in net.modules():
            if type(module) is nn.BatchNorm2d:
                module.__class__ = SharedBatchNorm2d  # in place: the layer groups hold the module itself


class _Normalised(torch.autograd.Function):
    """(x - mean) / deviation, where mean and deviation are of the pictures of all processes, and so move with each."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, mean: Tensor, scale: Tensor, count: Tensor) -> Tensor:
        out = (x.float() - _as_channels(mean)) * _as_channels(scale)
        ctx.save_for_backward(out, scale, count)
        return out

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None, None]:
        out, scale, count = ctx.saved_tensors
        by = gradients[0]
        shared = distributed.total(torch.cat([_sum(by), _sum(by * out)])) / count
        along, across = (_as_channels(part) for part in shared.chunk(2))
        return (by - along - out * across) * _as_channels(scale), None, None, None


def _sum(values: Tensor) -> Tensor:
    """The sum of each channel, (channels,) float64: of 322,000 terms a float32 sum was off by 5e-7 of it."""
    return values.sum(dim=(0, 2, 3), dtype=torch.float64)


def _as_channels(values: Tensor) -> Tensor:
    return values.float().view(1, -1, 1, 1)
