"""Only the last layer: the network is a fixed feature extractor."""

from __future__ import annotations

Groups = tuple[str, ...]


def phases(groups: Groups) -> tuple[Groups, ...]:
    """One phase: the output layer."""
    return (groups[-1:],)
