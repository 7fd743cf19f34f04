"""AdamW: Adam with weight decay decoupled from the gradient (Loshchilov and Hutter 2019, arXiv:1711.05101)."""

from __future__ import annotations

from typing import Any

from torch.optim import AdamW, Optimizer

from dermai_report.train.config import TrainConfig


def build(groups: list[dict[str, Any]], config: TrainConfig) -> Optimizer:
    """AdamW with torch's usual betas; fused, as adam is."""
    return AdamW(groups, weight_decay=config.weight_decay, fused=True)
