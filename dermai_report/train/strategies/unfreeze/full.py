"""Every layer from the first epoch on: what training without pretrained weights needs."""

from __future__ import annotations

Groups = tuple[str, ...]


def phases(groups: Groups) -> tuple[Groups, ...]:
    """One phase: all groups."""
    return (groups,)
