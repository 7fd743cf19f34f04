"""Training strategies: one a file, in a folder for each kind, chosen by name in the configuration key of that kind.

unfreeze   phases(groups) -> the layer groups trained in each phase
optimizer  build(groups, config) -> a torch optimizer
schedule   factor(moment, config) -> the factor on every learning rate
augment    augment(images, draw) -> images, (n, 3, side, side) in [0, 1]; draw(low, high) gives a random number an image

A file's name is the strategy's name, with `_` for the sign that joins its words: `warm_restarts` is warm-restarts,
`layer4_fc` is layer4+fc.
"""

from __future__ import annotations

from types import ModuleType

from dermai_report import registry
from dermai_report.errors import unknown_name

KINDS = {"unfreeze": "+", "optimizer": "-", "schedule": "-", "augment": "-"}


def names(kind: str) -> list[str]:
    """The strategies of a kind; imports none of them."""
    return [name.replace("_", KINDS[kind]) for name in registry.names(f"train.strategies.{kind}")]


def check(kind: str, name: str) -> None:
    """Raise DermaiError with the nearest name when there is no such strategy."""
    if name not in names(kind):
        raise unknown_name(kind, name, names(kind))


def load(kind: str, name: str) -> ModuleType:
    """The module of a strategy."""
    check(kind, name)
    return registry.load(f"train.strategies.{kind}", name.replace(KINDS[kind], "_"), kind)
