"""Pass, fail, cannot tell: what decides, and what outweighs what."""

from typing import Any

import msgspec
import pytest

from dermai_report import diagnose, read_run
from dermai_report.gate import judge
from dermai_report.report import Finding, Gate, Report, Skipped
from dermai_report.settings import GateSettings, Settings
from tests import builders

PUBLISHED = diagnose(read_run(builders.PUBLISHED))


def report(*findings: Finding, skipped: tuple[Skipped, ...] = ()) -> Report:
    return msgspec.structs.replace(PUBLISHED, findings=list(findings), skipped=list(skipped))


def finding(rule: str, severity: Any, confidence: float) -> Finding:
    return Finding(
        rule=rule, title=f"{rule} found", severity=severity, confidence=confidence, basis="calibrated", message="", evidence={}
    )


def answer(given: Report, *fail_on: str, **asked: Any) -> Gate:
    return judge(given, Settings(gate=GateSettings(fail_on=fail_on, **asked)))


@pytest.mark.parametrize(
    ("severity", "fail_on", "outcome"),
    [
        ("error", "error", "fail"),
        ("warning", "error", "pass"),
        ("error", "warning", "fail"),
        ("warning", "warning", "fail"),
        ("info", "warning", "pass"),
        ("info", "leakage", "fail"),  # a rule that is named fails whatever its severity
        ("error", "overfitting", "pass"),
    ],
)
def test_a_severity_means_it_or_worse_and_a_rule_itself(severity: str, fail_on: str, outcome: str) -> None:
    assert answer(report(finding("leakage", severity, 0.99)), fail_on).outcome == outcome


@pytest.mark.parametrize(("confidence", "outcome"), [(0.13, "unknown"), (0.5, "unknown"), (0.59, "unknown"), (0.6, "fail")])
def test_a_finding_that_is_not_sure_does_not_fail(confidence: float, outcome: str) -> None:
    gate = answer(report(finding("overfitting", "warning", confidence)), "warning")
    assert (gate.outcome, gate.passed) == (outcome, outcome != "fail")


def test_the_least_confidence_can_be_chosen() -> None:
    given = report(finding("overfitting", "error", 0.8))
    assert answer(given, "error", min_confidence=0.8).outcome == "fail"
    assert answer(given, "error", min_confidence=0.81).outcome == "unknown"


def test_what_could_not_be_checked_cannot_be_told() -> None:
    given = report(skipped=(Skipped("leakage", "nobody looked", "error"), Skipped("rare_classes", "no test", "info")))
    gate = answer(given, "error")
    assert (gate.outcome, gate.passed) == ("unknown", True)
    assert [(ground.about, ground.message) for ground in gate.grounds] == [("leakage", "not checked: nobody looked")]
    assert answer(given, "rare_classes").outcome == "unknown"  # named, so it was asked for
    assert answer(given, "overfitting").outcome == "pass"
    assert not answer(given, "error", strict=True).passed


def test_a_rule_that_the_settings_leave_out_is_no_reason_to_doubt() -> None:
    given = report(skipped=(Skipped("leakage", "left out by the settings", "error"),))
    assert judge(given, Settings(ignore=("leakage",), gate=GateSettings(fail_on=("error",)))).outcome == "pass"


def test_a_failure_outweighs_what_cannot_be_told_and_all_grounds_are_kept() -> None:
    given = report(
        finding("overfitting", "error", 0.97), finding("diverging", "error", 0.3), skipped=(Skipped("leakage", "no"),)
    )
    gate = answer(given, "error", require=("test.accuracy >= 0.1",))
    assert (gate.outcome, gate.passed) == ("fail", False)
    assert [ground.about for ground in gate.deciding()] == ["overfitting"]
    assert [ground.about for ground in gate.grounds] == ["overfitting", "diverging", "leakage", "test.accuracy >= 0.1"]
    assert [gate.stops(ground) for ground in gate.grounds] == [True, False, False, False]
    assert all(answer(given, "error", strict=True).stops(ground) for ground in gate.grounds)


def test_a_report_has_a_gate_only_where_one_was_asked_for() -> None:
    assert PUBLISHED.gate is None
    asked = diagnose(read_run(builders.PUBLISHED), Settings(gate=GateSettings(fail_on=("warning",))))
    assert asked.gate is not None
    assert [ground.about for ground in asked.gate.deciding()] == ["no_test_predictions"]


def test_the_published_run_overfits_possibly_and_that_is_no_failure() -> None:
    """One bad epoch after the best: the confidence is far below a coin's."""
    gate = answer(PUBLISHED, "overfitting")
    assert (gate.outcome, gate.passed) == ("unknown", True)
    assert answer(PUBLISHED, "validation_to_test_drop").outcome == "unknown"  # no sample counts
