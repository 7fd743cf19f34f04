"""The gradient of weights from a matrix product is the one that torch gives."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from dermai_report.train import gradients
from dermai_report.train.gradients import MatrixGradients, weight_gradient, weight_gradients


@pytest.mark.parametrize(("stride", "padding"), [((1, 1), (1, 1)), ((2, 2), (1, 1)), ((2, 1), (0, 2)), ((3, 3), (0, 0))])
@pytest.mark.parametrize("kernel", [(3, 3), (5, 2)])
def test_it_is_the_gradient(kernel: tuple[int, int], stride: tuple[int, int], padding: tuple[int, int]) -> None:
    torch.manual_seed(0)
    x = torch.randn(3, 5, 11, 8, dtype=torch.float64).contiguous(memory_format=torch.channels_last)
    weight = torch.randn(7, 5, *kernel, dtype=torch.float64, requires_grad=True)
    out = F.conv2d(x, weight, None, stride, padding)
    gradient = torch.randn_like(out)
    (expected,) = torch.autograd.grad(out, weight, gradient)
    given = weight_gradient(x, weight.shape, gradient, stride, padding)
    assert torch.allclose(given, expected)
    assert given.is_contiguous(memory_format=torch.channels_last)


def block() -> nn.Sequential:
    torch.manual_seed(1)
    wide = [nn.Conv2d(128, 160, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(160), nn.ReLU()]
    net = nn.Sequential(*wide, nn.Conv2d(160, 128, 3, padding=1, bias=False), nn.Conv2d(128, 8, 1))
    return net.to(memory_format=torch.channels_last)  # type: ignore[call-overload,no-any-return]


def trained(context: Any, x: Tensor) -> list[Tensor]:
    net = block()
    given = x.clone().requires_grad_()
    with torch.autocast("cpu", dtype=torch.bfloat16), context:
        loss = net(given).float().square().mean()
    loss.backward()
    return [loss.detach(), given.grad, *(p.grad for p in net.parameters())]  # type: ignore[list-item]


def test_a_network_gets_the_gradients_it_had(monkeypatch: pytest.MonkeyPatch) -> None:
    x = torch.randn(6, 128, 9, 9, generator=torch.Generator().manual_seed(2)).contiguous(memory_format=torch.channels_last)
    shapes, real = [], weight_gradient
    monkeypatch.setattr(
        gradients, "weight_gradient", lambda x, shape, *more: shapes.append(tuple(shape)) or real(x, shape, *more)
    )
    for ours, theirs in zip(trained(MatrixGradients(), x), trained(nullcontext(), x), strict=True):
        assert ours.dtype == theirs.dtype == torch.float32
        assert (ours - theirs).norm() <= 0.01 * theirs.norm()
    assert sorted(shapes) == [(128, 160, 3, 3), (160, 128, 3, 3)]  # not that of the 1 x 1


def test_only_what_is_trained_and_wide_is_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gradients, "_Convolution", None)  # so that it would fail
    x = torch.randn(2, 128, 5, 5)
    with MatrixGradients():
        frozen = nn.Conv2d(128, 8, 3, bias=False).requires_grad_(False)
        for layer in (
            frozen,
            nn.Conv2d(128, 8, 3),
            nn.Conv2d(128, 8, 1, bias=False),
            nn.Conv2d(128, 8, 3, groups=2, bias=False),
        ):
            layer(x)
        with torch.no_grad():
            nn.Conv2d(128, 8, 3, bias=False)(x)
        nn.Conv2d(64, 8, 3, bias=False)(x[:, :64])


def test_it_is_taken_where_it_was_measured_to_be_faster(monkeypatch: pytest.MonkeyPatch) -> None:
    for flags, device, number_format, taken in (
        ({"avx512_bf16"}, "cpu", "bf16", True),
        ({"avx512_bf16"}, "cpu", "float32", False),
        ({"avx512_bf16"}, "cuda", "bf16", False),
        ({"avx512_bf16", "amx_bf16"}, "cpu", "bf16", False),
        (set(), "cpu", "bf16", False),
    ):
        monkeypatch.setattr(gradients, "processor_flags", lambda flags=flags: frozenset(flags))
        context = weight_gradients(number_format, torch.device(device))  # type: ignore[arg-type]
        assert isinstance(context, MatrixGradients) is taken
