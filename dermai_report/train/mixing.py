"""MixUp (Zhang et al. 2018, arXiv:1710.09412) and CutMix (Yun et al. 2019, arXiv:1905.04899): two images in one."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from dermai_report.train.config import TrainConfig
from dermai_report.train.torchvision_compat import transforms

Mix = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]


def build_mix(config: TrainConfig, n_classes: int) -> Mix:
    """What is done to each training batch: one of the methods that are on, by lot, or nothing.

    The mix takes images and labels (n,), and gives images and label distributions (n, classes).
    """
    if not (config.mixup or config.cutmix):
        return lambda images, labels: (images, labels)
    v2 = transforms()
    methods: list[Mix] = []
    if config.mixup:
        methods.append(v2.MixUp(alpha=config.mixup, num_classes=n_classes))
    if config.cutmix:
        methods.append(v2.CutMix(alpha=config.cutmix, num_classes=n_classes))

    def mix(images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        method = methods[int(torch.randint(len(methods), ()))]
        return method(images, labels)

    return mix
