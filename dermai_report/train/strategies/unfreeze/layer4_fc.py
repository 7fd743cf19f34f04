"""The last block of layers and the output layer: the original recipe."""

from __future__ import annotations

Groups = tuple[str, ...]


def phases(groups: Groups) -> tuple[Groups, ...]:
    """One phase: the last two groups."""
    return (groups[-2:],)
