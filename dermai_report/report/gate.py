"""What a pipeline makes of a report: pass, fail or cannot tell, and the grounds."""

from __future__ import annotations

from typing import Literal

import msgspec

from dermai_report.report.record import Basis, Record, Severity

Outcome = Literal["pass", "fail", "unknown"]


class Ground(Record, frozen=True):
    """One thing the gate looked at. about: the rule, or the requirement as it was written; "unknown" is "cannot tell".

    severity, confidence, basis: of the finding, where there is one.
    """

    about: str
    outcome: Outcome
    message: str
    severity: Severity | None = None
    confidence: float | None = None
    basis: Basis | None = None


class Gate(Record, frozen=True):
    """The answer to `--fail-on` and `--require`. passed: whether a pipeline goes on; "unknown" does unless `strict`."""

    outcome: Outcome
    passed: bool
    strict: bool
    fail_on: tuple[str, ...]
    require: tuple[str, ...]
    min_confidence: float
    grounds: list[Ground] = msgspec.field(default_factory=list)

    def deciding(self) -> list[Ground]:
        """The grounds that were decided as the gate was: the failures, or what could not be told."""
        return [ground for ground in self.grounds if ground.outcome == self.outcome]

    def stops(self, ground: Ground) -> bool:
        """Whether this ground alone keeps a pipeline from going on."""
        return ground.outcome == "fail" or (self.strict and ground.outcome == "unknown")
