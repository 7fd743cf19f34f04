"""torchvision's classifiers by name, with their layers in groups from the input to the output.

Two shapes are known, which between them hold most of torchvision: residual networks (layer1 to layer4, then fc), and
networks with `features` and `classifier` (EfficientNet, MobileNet, ConvNeXt, DenseNet, VGG). The features of the second
are cut where the picture shrinks, and the pieces counted back from the output: layer4 is always the last one.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from dermai_report.errors import DermaiError, unknown_name
from dermai_report.train.torchvision_compat import torchvision

Groups = dict[str, list[nn.Module]]


@dataclass(frozen=True)
class Backbone:
    """A network, its layer groups in the order of its forward pass, and the dotted name of its last linear layer."""

    net: nn.Module
    groups: Groups
    head: str


def check(name: str) -> None:
    """Raise DermaiError where `build_backbone` would, without the memory and the time that the numbers of a network take."""
    try:
        with torch.device("meta"):
            build_backbone(name)
    except NotImplementedError:  # a RegNet reads numbers back while it is built
        build_backbone(name)


def build_backbone(name: str) -> Backbone:
    """The network by name with random weights and its thousand ImageNet outputs.

    Raises DermaiError with the nearest name when torchvision has no such classifier, and for one of another shape.
    """
    known = torchvision.models.list_models(module=torchvision.models)
    if name not in known:
        raise unknown_name("model", name, known)
    net = torchvision.models.get_model(name, weights=None)
    if hasattr(net, "layer4") and isinstance(net.fc, nn.Linear):
        stem = [net.conv1, net.bn1, net.relu, net.maxpool]
        return Backbone(net, {"stem": stem} | {g: [getattr(net, g)] for g in _RESIDUAL}, "fc")
    head = _last_linear(net)
    if not isinstance(getattr(net, "features", None), nn.Sequential) or head is None:
        raise DermaiError(
            f"model {name!r} has a shape whose layer groups are not known here",
            "choose a resnet, resnext, wide_resnet, efficientnet, mobilenet, convnext, densenet or vgg",
        )
    return Backbone(net, {**_by_size(net), "classifier": [net.classifier]}, head)


_RESIDUAL = ("layer1", "layer2", "layer3", "layer4", "fc")


def _last_linear(net: nn.Module) -> str | None:
    names = [n for n, m in net.named_modules() if n.startswith("classifier") and isinstance(m, nn.Linear)]
    return names[-1] if names else None


def _by_size(net: nn.Module) -> Groups:
    """Children of `features`, a new group beginning where the output gets smaller."""
    pieces: list[list[nn.Module]] = []
    sizes: list[int] = []
    net.eval()
    x: Tensor = torch.zeros(1, 3, 128, 128)
    with torch.no_grad():
        for child in net.features.children():  # type: ignore[union-attr]
            x = child(x)
            if not sizes or x.shape[-1] < sizes[-1]:
                pieces.append([])
            sizes.append(x.shape[-1])
            pieces[-1].append(child)
    for n in range(len(pieces) - 1, 0, -1):
        if not any(True for module in pieces[n] for _ in module.parameters()):  # a last pooling layer
            pieces[n - 1] += pieces.pop(n)
    names = ["stem", *(f"layer{4 - back}" for back in range(3, -1, -1))]
    pieces = [[m for piece in pieces[:-4] for m in piece], *pieces[-4:]]
    return {name: piece for name, piece in zip(names[-len(pieces) :], pieces, strict=True) if piece}
