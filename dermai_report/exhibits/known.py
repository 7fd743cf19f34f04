"""What was not logged, or is not finite, is not drawn."""

from __future__ import annotations

import math


def known(value: float | None) -> float | None:
    """The value where it is a finite number, or None."""
    return value if value is not None and math.isfinite(value) else None
