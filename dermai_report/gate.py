"""Report -> Gate: does a pipeline go on? Pass, fail, or cannot tell.

A finding that was asked for, by its severity or its rule, fails the gate when its confidence is at least `min_confidence`; one
that is less sure is "cannot tell", and so is a rule that was asked for and could not be checked. A requirement is decided
by the interval of its number. What fails outweighs what cannot be told, which outweighs what passes.
"""

from __future__ import annotations

from collections.abc import Iterator

from dermai_report import requirements
from dermai_report.report import Report, Severity
from dermai_report.report.gate import Gate, Ground, Outcome
from dermai_report.settings import Settings

AT_OR_ABOVE: dict[str, tuple[Severity, ...]] = {"error": ("error",), "warning": ("error", "warning")}


def judge(report: Report, settings: Settings) -> Gate:
    """Hold the report against what the settings ask; every ground is kept, passed requirements included.

    Raises DermaiError for a requirement on a class that the run does not have.
    """
    asked = settings.gate
    grounds = [*_findings(report, settings), *_unchecked(report, settings)]
    grounds += [requirements.decide(requirements.parse(text), report) for text in asked.require]
    outcomes = {ground.outcome for ground in grounds}
    outcome: Outcome = "fail" if "fail" in outcomes else "unknown" if "unknown" in outcomes else "pass"
    return Gate(
        outcome=outcome,
        passed=outcome == "pass" or (outcome == "unknown" and not asked.strict),
        strict=asked.strict,
        fail_on=asked.fail_on,
        require=asked.require,
        min_confidence=asked.min_confidence,
        grounds=grounds,
    )


def _findings(report: Report, settings: Settings) -> Iterator[Ground]:
    for finding in report.findings:
        if _asks_for(settings, finding.rule, finding.severity):
            outcome: Outcome = "fail" if finding.confidence >= settings.gate.min_confidence else "unknown"
            yield Ground(finding.rule, outcome, finding.title, finding.severity, finding.confidence, finding.basis)


def _unchecked(report: Report, settings: Settings) -> Iterator[Ground]:
    """What could not be checked and might have failed; a rule that the settings leave out was not wanted."""
    for skipped in report.skipped:
        if settings.wants(skipped.rule) and _asks_for(settings, skipped.rule, skipped.worst):
            yield Ground(skipped.rule, "unknown", f"not checked: {skipped.reason}")


def _asks_for(settings: Settings, rule: str, severity: Severity) -> bool:
    fail_on = settings.gate.fail_on
    return rule in fail_on or any(severity in AT_OR_ABOVE.get(name, ()) for name in fail_on)
