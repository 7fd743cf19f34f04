"""The gradient of a convolution's weights as one matrix product, where oneDNN's own way is slow.

On processors with avx512_bf16 oneDNN computes matrix products, convolutions and the gradients of their inputs at 400 GFLOP/s a core,
but the gradients of wide convolutions' weights at 40 to 90 (jit_bf16, backward_weights): most of the time of training layer4. The
same sum over places is gradient^T times patches, a matrix product, which is exact in the same sense: bf16 in, float32 sums, bf16 out.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.nn.grad import conv2d_input
from torch.overrides import TorchFunctionMode

from dermai_report.train.precision import Precision, processor_flags

LEAST_CHANNELS = 128  # measured: with 64, at 56 x 56 places, the patches take longer than the sum itself


def weight_gradients(precision: Precision, device: torch.device) -> AbstractContextManager[object]:
    """The context of a forward pass that is trained through: matrix products where they were measured to be faster."""
    flags = processor_flags()
    slow = device.type == "cpu" and precision == "bf16" and "avx512_bf16" in flags and "amx_bf16" not in flags
    return MatrixGradients() if slow else nullcontext()


class MatrixGradients(TorchFunctionMode):
    """While this context holds, bf16 convolutions that suit it get their weights' gradient from a matrix product."""

    def __torch_function__(self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None) -> Any:
        """Take the place of conv2d as nn.Conv2d calls it; anything else is left alone."""
        if func is torch.conv2d and not kwargs and len(args) == 7 and _suits(*args):
            x, weight, _, stride, padding, *_ = args
            return _Convolution.apply(x.bfloat16(), weight.bfloat16(), stride, padding)  # type: ignore[no-untyped-call]
        return func(*args, **(kwargs or {}))


def _suits(x: Tensor, weight: Tensor, bias: Tensor | None, stride: Any, padding: Any, dilation: Any, groups: int) -> bool:
    """A 3 x 3 convolution (or larger) of many channels that is being trained, without a bias, as before a BatchNorm."""
    wide = weight.shape[1] >= LEAST_CHANNELS and min(weight.shape[2:]) > 1
    plain = bias is None and groups == 1 and tuple(dilation) == (1, 1) and not isinstance(padding, str)
    return wide and plain and weight.requires_grad and x.dim() == 4 and torch.is_grad_enabled()


class _Convolution(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, stride: tuple[int, int], padding: tuple[int, int]) -> Tensor:
        ctx.save_for_backward(x, weight)
        ctx.stride, ctx.padding = stride, padding
        return F.conv2d(x, weight, None, stride, padding)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, Tensor, None, None]:
        x, weight = ctx.saved_tensors
        of_x = None
        if ctx.needs_input_grad[0]:
            of_x = conv2d_input(x.shape, weight, gradient, ctx.stride, ctx.padding)  # type: ignore[no-untyped-call]
        return of_x, weight_gradient(x, weight.shape, gradient, ctx.stride, ctx.padding), None, None


def weight_gradient(
    x: Tensor, shape: torch.Size, gradient: Tensor, stride: tuple[int, int], padding: tuple[int, int]
) -> Tensor:
    """The gradient of a convolution's weights, (out, in, height, width), in channels_last order as the weights themselves.

    x: (n, in, rows, columns); gradient: (n, out, rows, columns), of the output; both in channels_last order, which makes a patch
    a few runs of memory.
    """
    outputs, inputs, height, width = shape
    padded = F.pad(x, (padding[1], padding[1], padding[0], padding[0])).permute(0, 2, 3, 1)
    patches = padded.unfold(1, height, stride[0]).unfold(2, width, stride[1])  # (n, rows, columns, in, height, width)
    rows, columns = gradient.shape[2:]
    patches = patches[:, :rows, :columns].permute(0, 1, 2, 4, 5, 3).reshape(-1, height * width * inputs)
    of_outputs = gradient.permute(0, 2, 3, 1).reshape(-1, outputs)
    return (of_outputs.t().contiguous() @ patches).view(outputs, height, width, inputs).permute(0, 3, 1, 2)
