"""The last block and the output layer first, then one block more a phase (Howard and Ruder 2018, arXiv:1801.06146)."""

from __future__ import annotations

Groups = tuple[str, ...]


def phases(groups: Groups) -> tuple[Groups, ...]:
    """Three phases: layer4+fc, then layer3 too, then layer2 too."""
    return tuple(groups[-size:] for size in (2, 3, 4) if size <= len(groups))
