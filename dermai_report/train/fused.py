"""The frozen part of a residual network in fewer, larger operations, for processors.

BatchNorm in evaluation mode is a scale and a shift, so it folds into the convolution before it; oneDNN then computes
convolution, residual sum and ReLU in one pass. Those operators are private to torch (its compiler emits them), so they are used
only where they exist and agree with the network itself on a trial; otherwise nothing is fused.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from dermai_report.train.precision import Precision, computing_in, dtype_of
from dermai_report.train.torchvision_compat import torchvision

Forward = Callable[[Tensor], Tensor]
TOLERANCE = {"float32": 1e-4, "bf16": 5e-2}  # of the largest feature: rounding in another order, nothing else


@dataclass(frozen=True)
class Convolution:
    """A convolution with its BatchNorm folded in, its weights in oneDNN's own order."""

    weight: Any
    bias: Tensor
    padding: list[int]
    stride: list[int]
    dilation: list[int]
    groups: int

    def __call__(self, x: Tensor, after: str = "none") -> Tensor:
        """The convolution, then `after` ("none" or "relu")."""
        return _operators()._convolution_pointwise(  # type: ignore[no-any-return]
            x, self.weight, self.bias, self.padding, self.stride, self.dilation, self.groups, after, [], ""
        )

    def onto(self, total: Tensor, x: Tensor) -> Tensor:
        """relu(total + convolution(x)), in the place of `total`."""
        return _operators()._convolution_pointwise_.binary(  # type: ignore[no-any-return]
            total, x, self.weight, self.bias, self.padding, self.stride, self.dilation, self.groups, "add", 1.0, "relu", [], ""
        )


def fuse(modules: Sequence[nn.Module], trial: Tensor, precision: Precision) -> Forward | None:
    """One function for these modules in evaluation mode, or None where they cannot be fused or would differ.

    trial: a few images (n, 3, side, side) in channels_last order, on which both ways must agree.
    """
    try:
        steps = list(_steps(modules, precision))
        with torch.inference_mode():
            fused = _run(steps, trial.to(dtype_of(precision)))
    except (_UnknownShapeError, AttributeError, RuntimeError):  # another architecture; or this torch has no such operators
        return None
    plain = apply(modules, trial, precision)
    if not (fused - plain).abs().max() <= TOLERANCE[precision] * plain.abs().max():
        return None
    return lambda x: _run(steps, x.to(dtype_of(precision)))


@torch.inference_mode()
def apply(modules: Sequence[nn.Module], x: Tensor, precision: Precision) -> Tensor:
    """The plain way: one module after another, as they are."""
    with computing_in(precision, x.device):
        for module in modules:
            x = module(x)
    return x.to(dtype_of(precision))


class _UnknownShapeError(Exception):
    """A module that is not part of a residual network."""


def _run(steps: Sequence[Forward], x: Tensor) -> Tensor:
    for step in steps:
        x = step(x)
    return x


def _steps(modules: Sequence[nn.Module], precision: Precision) -> list[Forward]:
    """Stem (convolution, BatchNorm, ReLU, pooling) and blocks, each as one function."""
    stem, layers = tuple(map(type, modules[:4])), modules[4:]
    if stem != (nn.Conv2d, nn.BatchNorm2d, nn.ReLU, nn.MaxPool2d) or not all(type(x) is nn.Sequential for x in layers):
        raise _UnknownShapeError
    convolution, norm, _, pool = modules[:4]
    first = fold(convolution, norm, precision)
    blocks = [_block(block, precision) for layer in layers for block in layer.children()]
    return [lambda x: first(x, "relu"), pooling(pool), *blocks]


def pooling(pool: nn.Module) -> Forward:
    """The largest of 3 x 3 places, two apart, as maxima of whole rows and columns: half the time of torch's own in bf16.

    What is pooled are outputs of a ReLU, so nothing is below the places that lie outside.
    """
    options = vars(pool)
    if any(
        options[name] not in (n, (n, n)) for name, n in (("kernel_size", 3), ("stride", 2), ("padding", 1), ("dilation", 1))
    ):
        return pool
    if pool.ceil_mode or pool.return_indices:
        return pool
    return lambda x: _largest_of_three(_largest_of_three(x, 2), 3)


def _largest_of_three(x: Tensor, axis: int) -> Tensor:
    """Along an axis, of each second place and its two neighbours."""
    size = x.shape[axis]
    even, odd = (x[(slice(None),) * axis + (slice(first, None, 2),)] for first in (0, 1))
    largest = torch.maximum(even.narrow(axis, 0, size // 2), odd)
    if size % 2:
        largest = torch.cat([largest, even.narrow(axis, size // 2, 1)], axis)
    after = largest.narrow(axis, 1, largest.shape[axis] - 1)
    torch.maximum(after, odd.narrow(axis, 0, after.shape[axis]), out=after)
    return largest


def _block(block: nn.Module, precision: Precision) -> Forward:
    kinds = torchvision.models.resnet
    if type(block) not in (kinds.BasicBlock, kinds.Bottleneck):
        raise _UnknownShapeError
    numbers = (1, 2, 3) if hasattr(block, "conv3") else (1, 2)
    *inner, last = [fold(getattr(block, f"conv{n}"), getattr(block, f"bn{n}"), precision) for n in numbers]
    shortcut = None
    if isinstance(block.downsample, nn.Sequential):
        shortcut = fold(block.downsample[0], block.downsample[1], precision)

    def forward(x: Tensor) -> Tensor:
        branch = x
        for convolution in inner:
            branch = convolution(branch, "relu")
        return last.onto(shortcut(x) if shortcut else x, branch)

    return forward


@torch.no_grad()
def fold(convolution: nn.Module, norm: nn.Module, precision: Precision) -> Convolution:
    """gamma (w x - mean) / sqrt(var + eps) + beta is a convolution with weights w gamma / sqrt(var + eps) and a bias."""
    if not (isinstance(convolution, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d)):
        raise _UnknownShapeError
    if norm.running_mean is None or norm.running_var is None or isinstance(convolution.padding, str):
        raise _UnknownShapeError
    scale = norm.weight * torch.rsqrt(norm.running_var + norm.eps)
    bias = norm.bias - norm.running_mean * scale
    if convolution.bias is not None:
        bias = bias + convolution.bias * scale
    dtype = dtype_of(precision)
    weight = (convolution.weight * scale[:, None, None, None]).to(dtype)
    shape = (list(convolution.padding), list(convolution.stride), list(convolution.dilation), convolution.groups)
    packed = torch._C._nn.mkldnn_reorder_conv2d_weight(weight.to_mkldnn(), *shape)
    return Convolution(packed, bias.to(dtype), *shape)


def _operators() -> Any:
    return torch.ops.mkldnn
