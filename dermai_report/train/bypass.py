"""A network cut in two without a second description of it: its frozen modules, and itself with those left out."""

from __future__ import annotations

import copy
from collections.abc import Collection

from torch import nn


def without(net: nn.Module, skipped: Collection[nn.Module]) -> nn.Module:
    """The same network, sharing every parameter, with `skipped` modules replaced by the identity.

    Where they are the first modules it calls, it takes their output in place of images. `net` itself stays whole.
    """
    ids = {id(module) for module in skipped}
    return _without(net, ids)


def _without(module: nn.Module, ids: set[int]) -> nn.Module:
    if id(module) in ids:
        return nn.Identity()
    children = {name: _without(child, ids) for name, child in module.named_children()}
    if all(child is module._modules[name] for name, child in children.items()):
        return module
    shell = copy.copy(module)  # its own table of children, the same parameters
    shell.__dict__["_modules"] = {**module._modules, **children}
    return shell
