"""Two limits of training ResNet18's layer4 and fc on this machine, measured in the same rounds as the training itself.

- `products`: the same number of operations as products of large square matrices, which is the usual roofline: what the processor's
  arithmetic gives where nothing else holds it up.
- `convolutions`: the very convolutions of a step, forward and back, one after another, with the fastest of what training uses for
  each, their inputs ready and nothing between them. This is what the shapes at hand allow; the stem, with three channels, is slow.

Neither has augmentation, BatchNorm, ReLU, pooling, patches or the optimizer in it: these are losses of the training.
"""

from collections.abc import Callable

import plain
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.grad import conv2d_input
from torch.utils.flop_counter import FlopCounterMode

from dermai_report.train import fused
from dermai_report.train.workers import in_pieces

ORDER = 2048  # of the matrices; 1024 and 4096 were within 10 %
BATCH = 64
SIDE = 224


def operations() -> dict[str, float]:
    """Floating point operations of an image in ResNet18: forward and back through layer4 and fc, and forward alone."""
    net = plain.build(2, "none")
    with FlopCounterMode(display=False) as training:
        net(torch.rand(1, 3, SIDE, SIDE)).sum().backward()
    with FlopCounterMode(display=False) as evaluation, torch.no_grad():
        net(torch.rand(1, 3, SIDE, SIDE))
    return {"train": float(training.get_total_flops()), "val": float(evaluation.get_total_flops())}


def products(dtype: torch.dtype, count: float) -> Callable[[], None]:
    """So many operations as products of large matrices."""
    matrix = torch.rand(ORDER, ORDER).to(dtype)

    def work() -> None:
        for _ in range(round(count / (2 * ORDER**3))):
            torch.mm(matrix, matrix)

    return work


def convolutions(images: int) -> Callable[[], None]:
    """The convolutions in bf16 of so many images, in batches of BATCH: the frozen ones in pieces, as training has them."""
    net = plain.build(2, "none").eval()
    seen: list[tuple[str, nn.Conv2d, torch.Size]] = []
    for name, module in net.named_modules():
        if isinstance(module, nn.Conv2d):
            module.register_forward_hook(lambda m, given, _, name=name: seen.append((name, m, given[0].shape[1:])))
    with torch.no_grad():
        net(torch.rand(1, 3, SIDE, SIDE))
    frozen = [_alone(module, shape) for name, module, shape in seen if not name.startswith("layer4")]
    trained = [work for name, module, shape in seen if name.startswith("layer4") for work in _trained(name, module, shape)]
    batch = torch.zeros(BATCH, 1)

    def piece(of_batch: Tensor) -> Tensor:
        for work in frozen:
            work(len(of_batch))
        return of_batch

    @torch.no_grad()
    def work() -> None:
        for _ in range(images // BATCH):
            in_pieces(torch.inference_mode()(piece), batch)
            for each in trained:
                each()

    return work


def _values(*shape: int) -> Tensor:
    return torch.rand(shape).bfloat16().contiguous(memory_format=torch.channels_last)


def _alone(module: nn.Conv2d, shape: torch.Size) -> Callable[[int], object]:
    norm = nn.BatchNorm2d(module.out_channels).eval()
    folded, x = fused.fold(module, norm, "bf16"), _values(4, *shape)
    return lambda n: folded(x[:n])


def _trained(name: str, module: nn.Conv2d, shape: torch.Size) -> list[Callable[[], object]]:
    """Forward, the gradient of the weights as a product with ready patches, and that of the input where it is asked for."""
    x, weight = _values(BATCH, *shape), _values(*module.weight.shape)
    gradient = torch.rand_like(F.conv2d(x, weight, None, module.stride, module.padding))
    patches = torch.rand(gradient.shape[0] * gradient[0, 0].numel(), weight[0].numel()).bfloat16()
    of_outputs = gradient.permute(0, 2, 3, 1).reshape(-1, module.out_channels).t().contiguous()
    works: list[Callable[[], object]] = [
        lambda: F.conv2d(x, weight, None, module.stride, module.padding),
        lambda: of_outputs @ patches,
    ]
    if name not in ("layer4.0.conv1", "layer4.0.downsample.0"):  # these take what the frozen part gives
        works.append(lambda: conv2d_input(x.shape, weight, gradient, module.stride, module.padding))
    return works
