"""The classifier: a backbone with its weights, a new last layer, and layer groups that freeze and thaw."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from dermai_report.train.backbones import Groups, build_backbone
from dermai_report.train.config import TrainConfig
from dermai_report.train.weights import load_weights


class DropoutLinear(nn.Linear):
    """A linear layer with dropout on its input. One layer, so its keys stay `fc.weight` and `fc.bias`."""

    def __init__(self, features: int, classes: int, dropout: float) -> None:
        """features in, classes out; dropout is the part of the input that is zeroed in training."""
        super().__init__(features, classes)
        self.dropout = dropout

    def forward(self, input: Tensor) -> Tensor:
        """Dropout while training, then the linear map."""
        return super().forward(F.dropout(input, self.dropout, self.training))


@dataclass(frozen=True)
class Classifier:
    """The network and its layer groups, from the input to the output."""

    net: nn.Module
    groups: Groups

    def set_trainable(self, groups: tuple[str, ...]) -> None:
        """Train these groups and freeze the others."""
        self.net.requires_grad_(False)
        for name in groups:
            for module in self.groups[name]:
                module.requires_grad_(True)

    def frozen_modules(self) -> list[nn.Module]:
        """The modules before the first one that is trained, in the order in which they are called."""
        modules: list[nn.Module] = []
        for group in self.groups.values():
            if any(p.requires_grad for module in group for p in module.parameters()):
                break
            modules += group
        return modules

    def train_mode(self, frozen_bn: str) -> None:
        """Training mode; with frozen_bn "eval" the BatchNorm statistics of frozen layers stay as they are.

        The script people write calls model.train(), so its frozen BatchNorm layers follow the new data: "train".
        """
        self.net.train()
        if frozen_bn == "eval":
            for modules in self.groups.values():
                for module in modules:
                    if not any(p.requires_grad for p in module.parameters()):
                        module.eval()

    def parameter_groups(self, config: TrainConfig) -> list[dict[str, Any]]:
        """One parameter group a layer group, the output first; each next one with `layer_lr_decay` of the rate before.

        All groups are there from the start: a frozen parameter has no gradient, and the optimizer passes over it.
        """
        rates = [config.lr * config.layer_lr_decay**distance for distance in range(len(self.groups))]
        return [
            {"params": [p for m in modules for p in m.parameters()], "lr": rate, "base_lr": rate, "name": name}
            for (name, modules), rate in zip(reversed(self.groups.items()), rates, strict=True)
        ]


def build_classifier(config: TrainConfig, n_classes: int) -> Classifier:
    """The model that the configuration names, for n_classes; random weights follow from the seed."""
    torch.manual_seed(config.seed)
    backbone = build_backbone(config.model)
    load_weights(backbone, config.model, config.weights)
    parent_name, _, last = backbone.head.rpartition(".")
    parent = backbone.net.get_submodule(parent_name)
    old = cast(nn.Linear, backbone.net.get_submodule(backbone.head))
    new = DropoutLinear(old.in_features, n_classes, config.dropout)
    parent.register_module(last, new)
    groups = {name: [new if m is old else m for m in modules] for name, modules in backbone.groups.items()}
    return Classifier(backbone.net, groups)
