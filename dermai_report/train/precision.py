"""The number format of a forward pass: float32, or bfloat16 where the machine computes in it natively.

In bf16 the weights, the optimizer and the loss stay float32 (torch's autocast); only matrix products and convolutions round.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import cache
from pathlib import Path
from typing import Literal, cast

import torch

Precision = Literal["float32", "bf16"]
FLAGS = {"avx512_bf16", "amx_bf16", "bf16"}  # x86: the first two; arm64: the last


def choose(wanted: str, device: torch.device) -> Precision:
    """The format by name; "auto" is bf16 where it is native: without, it is emulated and slower than float32."""
    if wanted != "auto":
        return cast(Precision, wanted)
    native = torch.cuda.is_bf16_supported() if device.type == "cuda" else device.type == "cpu" and _processor_has_bf16()
    return "bf16" if native else "float32"


def computing_in(precision: Precision, device: torch.device) -> AbstractContextManager[object]:
    """The context of a forward pass; it holds for the calling thread only."""
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=precision == "bf16")


def dtype_of(precision: Precision) -> torch.dtype:
    """The format of activations."""
    return torch.bfloat16 if precision == "bf16" else torch.float32


@cache
def processor_flags() -> frozenset[str]:
    """What the processor says it can do; empty where the system does not tell."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:  # not Linux: nothing tells, so nothing is assumed
        return frozenset()
    return frozenset(next((line.partition(":")[2] for line in lines if line.startswith(("flags", "Features"))), "").split())


def _processor_has_bf16() -> bool:
    return bool(FLAGS & processor_flags())
