"""What every measure takes and gives."""

from __future__ import annotations

from typing import NamedTuple

from dermai_report.report import Difference, Interval, Unit
from dermai_report.run import Run


class Pair(NamedTuple):
    """Two runs of one seed: without the action, and with it."""

    baseline: Run
    run: Run


class Measured(NamedTuple):
    """A number without and with the action, means over the pairs, and the 95 % interval of how far it moved.

    basis: what the interval rests on, or why there is none; n: samples.
    """

    unit: Unit
    baseline: float | None = None
    run: float | None = None
    ci95: Interval | None = None
    basis: str = ""
    n: int | None = None

    @property
    def difference(self) -> float | None:
        """With the action, less without; None where one is not known."""
        return None if self.baseline is None or self.run is None else self.run - self.baseline

    def as_difference(self, label: str) -> Difference:
        """The same as a row of a table."""
        return Difference(label, self.baseline, self.run, self.unit, self.difference, self.ci95, None, self.basis, self.n)
