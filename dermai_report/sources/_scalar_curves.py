"""Scalars that each count their own steps (a tag of TensorBoard) as tables, in one unit where they were logged in two.

Loops often log training by iteration and validation by epoch, under steps that do not compare. The clock does: an iteration belongs
to the validation that came next.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dermai_report.sources._columns import meaning
from dermai_report.sources._event_file import Series
from dermai_report.sources._table import Column, Table

EPOCH_TAGS = ("epoch", "train/epoch")
MOST_NAMED = 3


@dataclass(frozen=True)
class Curve:
    """A tag, its scalars, and the file they were read from."""

    tag: str
    series: Series
    file: str


def in_epochs(curves: Sequence[Curve], notes: list[str]) -> list[Table]:
    """A table a curve: its steps and its values, with the epochs as the clock tells them where steps are of two units."""
    ends = None if any(c.tag in EPOCH_TAGS for c in curves) else _epochs_of_validation(curves)
    apart = [] if ends is None else [c for c in curves if _is_by_iteration(c, ends)]
    if ends is None or not apart:
        return [_table(c) for c in curves]
    named = ", ".join(repr(c.tag) for c in apart[:MOST_NAMED]) + (", …" if len(apart) > MOST_NAMED else "")
    notes.append(
        f"{named} {'count' if len(apart) > 1 else 'counts'} iterations and {ends.tag!r} counts epochs: each iteration belongs to the "
        "validation that came next by the clock."
    )
    return [_table(c, _by_clock(c, ends) if any(c is a for a in apart) else c.series.step) for c in curves]


def _epochs_of_validation(curves: Sequence[Curve]) -> Curve | None:
    """The validation curve whose steps are epochs: 0, 1, 2, … or 1, 2, 3, …"""
    for curve in curves:
        sense = meaning(curve.tag)
        step = np.unique(curve.series.step)
        if (
            sense.role == "metric"
            and sense.split in ("val", "test")
            and len(step) > 1
            and step[0] in (0, 1)
            and (np.diff(step) == 1).all()
        ):
            return curve
    return None


def _is_by_iteration(curve: Curve, ends: Curve) -> bool:
    step = curve.series.step
    return len(step) > len(ends.series.step) and step.max() > ends.series.step.max() + 1


def _by_clock(curve: Curve, ends: Curve) -> np.ndarray:
    """The step of the first validation at or after each point, by wall time."""
    order = np.argsort(ends.series.wall, kind="stable")
    place = np.searchsorted(ends.series.wall[order], curve.series.wall, side="left")
    return ends.series.step[order][np.minimum(place, len(order) - 1)]


def _table(curve: Curve, epoch: np.ndarray | None = None) -> Table:
    series = curve.series
    given = np.ones(len(series.step), bool)
    numbers = {"step": Column(series.step.astype(np.float64), given)}
    if epoch is not None:
        numbers["epoch"] = Column(epoch.astype(np.float64), given)
    numbers["epoch" if curve.tag in EPOCH_TAGS else curve.tag] = Column(series.value, given)
    return Table(numbers, {}, series.record, curve.file, len(series.step))
