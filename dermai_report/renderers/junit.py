"""JUnit XML: a test case a rule and a requirement, for the test reports of GitLab, Jenkins and others.

What fails the gate is a failure; without a gate, what `--fail-on warning` would fail. A rule that could not be checked is
skipped, with what is missing. Other findings are the test case's output. No times: the same report gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree import ElementTree as ET

from dermai_report import formatting as fmt
from dermai_report.gate import judge
from dermai_report.report import Finding, Gate, Ground, Report
from dermai_report.settings import GateSettings, Settings

SUFFIX = ".xml"
WITHOUT_A_GATE = Settings(gate=GateSettings(fail_on=("warning",)))


def render(report: Report) -> str:
    """The report as one test suite, its cases in order of name, requirements last."""
    gate = report.gate or judge(report, WITHOUT_A_GATE)
    name = fmt.one_line(report.run.name) or "run"
    cases = [*_rules(report, gate, name), *_requirements(gate, name)]
    counts = {
        "tests": str(len(cases)),
        "failures": str(sum(case.find("failure") is not None for case in cases)),
        "errors": "0",
    }
    skipped = str(sum(case.find("skipped") is not None for case in cases))
    root = ET.Element("testsuites", {"name": "dermai-report", **counts})
    ET.SubElement(root, "testsuite", {"name": name, **counts, "skipped": skipped}).extend(cases)
    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _rules(report: Report, gate: Gate, run: str) -> Iterator[ET.Element]:
    findings: dict[str, list[Finding]] = {name: [] for name in report.checked}
    for finding in report.findings:
        findings.setdefault(finding.rule, []).append(finding)
    skipped = {one.rule: one.reason for one in report.skipped}
    for rule in sorted({*findings, *skipped}):
        case = _case(run, rule)
        _fail(case, [ground for ground in gate.grounds if ground.about == rule and gate.stops(ground)])
        if rule in skipped and not len(case):
            ET.SubElement(case, "skipped", message=fmt.visible(skipped[rule]))
        if findings.get(rule):
            ET.SubElement(case, "system-out").text = "\n".join(map(_words, findings[rule]))
        yield case


def _requirements(gate: Gate, run: str) -> Iterator[ET.Element]:
    for ground in gate.grounds:
        if ground.about in gate.require:
            case = _case(run, ground.about)
            _fail(case, [ground] if gate.stops(ground) else [])
            if ground.outcome == "unknown" and not len(case):
                ET.SubElement(case, "skipped", message=f"cannot tell: {fmt.visible(ground.message)}")
            yield case


def _case(run: str, name: str) -> ET.Element:
    return ET.Element("testcase", classname=run, name=fmt.visible(name))


def _fail(case: ET.Element, grounds: list[Ground]) -> None:
    if grounds:
        failure = ET.SubElement(
            case, "failure", message=fmt.visible(grounds[0].message), type=grounds[0].severity or "requirement"
        )
        failure.text = "\n".join(map(fmt.ground, grounds))


def _words(finding: Finding) -> str:
    return fmt.visible(
        f"{finding.severity}, {fmt.confidence(finding.confidence, finding.basis)}: {finding.title}. {finding.message}"
    )
