"""A measure is worked out once a run, however many rules ask for it."""

from __future__ import annotations

import functools
import weakref
from collections.abc import Callable
from typing import TypeVar

from dermai_report.run import Run

T = TypeVar("T")


def once_per_run(measure: Callable[[Run], T]) -> Callable[[Run], T]:
    """Keep the result of `measure(run)` for as long as the run lives (a Run is immutable and hashed by identity)."""
    known: weakref.WeakKeyDictionary[Run, T] = weakref.WeakKeyDictionary()

    @functools.wraps(measure)
    def remembered(run: Run) -> T:
        if run not in known:
            known[run] = measure(run)
        return known[run]

    return remembered
