"""Annotations for GitHub: a workflow command a finding, printed; before them the gate's answer and the headline.

GitHub shows ten annotations of each level for a step and drops the rest in silence, so the most important come first and
one notice sums up the others. What fails the gate is an error, whatever its severity.

Source: "Workflow commands for GitHub Actions" in GitHub's documentation; the escapes are those of its own toolkit.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from dermai_report import formatting as fmt
from dermai_report.report import Gate, Report

SUFFIX = None
MOST = 10  # annotations of a level that GitHub shows
LEVELS = {"error": "error", "warning": "warning", "info": "notice"}
MESSAGE = 1000  # characters shown of a message


class Annotation(NamedTuple):
    """level: error, warning or notice."""

    level: str
    title: str
    message: str


def render(report: Report) -> str:
    """A line an annotation, at most `MOST` of each level."""
    found = [*_gate(report), Annotation("notice", "Training report", report.headline), *_findings(report)]
    shown, over = [], []
    for level in LEVELS.values():
        room = MOST - 1 if level == "notice" else MOST  # one notice sums up the rest
        of_level = [one for one in found if one.level == level]
        shown += of_level[:room]
        over += of_level[room:]
    if over:
        names = ", ".join(dict.fromkeys(one.title for one in over))
        shown.append(Annotation("notice", f"{len(over)} more in the report", names))
    return "".join(map(_command, shown))


def _gate(report: Report) -> Iterator[Annotation]:
    gate = report.gate
    if gate is None:
        return
    level = "error" if not gate.passed else "notice" if gate.outcome == "pass" else "warning"
    lines = [fmt.gate(gate), *(fmt.ground(ground) for ground in gate.deciding() if gate.outcome != "pass")]
    yield Annotation(level, "dermai-report gate", "\n".join(lines))


def _findings(report: Report) -> Iterator[Annotation]:
    stopping = _stopping(report.gate)
    for finding in report.findings:
        level = "error" if (finding.rule, finding.title) in stopping else LEVELS[finding.severity]
        yield Annotation(
            level, finding.title, f"{finding.message} ({finding.rule}, {fmt.confidence(finding.confidence, finding.basis)})"
        )


def _stopping(gate: Gate | None) -> set[tuple[str, str]]:
    return {(ground.about, ground.message) for ground in gate.grounds if gate.stops(ground)} if gate else set()


def _command(one: Annotation) -> str:
    title = _escaped(fmt.shorten(fmt.one_line(one.title), 200)).replace(":", "%3A").replace(",", "%2C")
    message = fmt.shorten(fmt.visible(one.message), MESSAGE)
    return f"::{one.level} title={title}::{_escaped(message)}\n"


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
