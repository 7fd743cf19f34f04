"""Import torchvision, also where its compiled operators do not load.

Wheels of torchvision are built for one build of torch. Beside another one (the CUDA wheel beside a CPU torch, say) the
compiled library does not load, and `import torchvision` fails because it registers helpers for two operators that only
that library defines. Their schemas are enough for everything used here: models and transforms. Detection and
torchvision.io stay unavailable then; pictures are decoded by Pillow.
"""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import Any

import torch

_SCHEMA = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"
_kept: list[Any] = []  # the definitions live as long as the library object does


def import_torchvision() -> ModuleType:
    """torchvision itself. A matched installation takes the first line and nothing else."""
    try:
        return importlib.import_module("torchvision")
    except RuntimeError as error:
        if "torchvision::" not in str(error):
            raise
    library = torch.library.Library("torchvision", "DEF")  # type: ignore[no-untyped-call]
    for name in ("nms", "qnms"):
        if not hasattr(torch.ops.torchvision, name):
            library.define(name + _SCHEMA)  # type: ignore[no-untyped-call]
    _kept.append(library)
    return importlib.import_module("torchvision")


def transforms() -> ModuleType:
    """torchvision.transforms.v2, loaded only by who needs it."""
    return importlib.import_module("torchvision.transforms.v2")


torchvision = import_torchvision()
