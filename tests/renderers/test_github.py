import re

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dermai_report.renderers import github
from dermai_report.report import Finding, Gate, Ground
from tests.renderers import sample

COMMAND = re.compile(r"::(?P<level>error|warning|notice) title=(?P<title>[^:,\r\n]*)::(?P<message>[^\r\n]*)")


def annotations(report):
    """What GitHub makes of the output: its runner takes a line apart at the first `::`, then at commas, then unescapes."""
    found = []
    for line in github.render(report).splitlines():
        match = COMMAND.fullmatch(line)
        assert match, line
        assert not re.search("%(?!25|0D|0A|3A|2C)", line)
        title = unescaped(match["title"].replace("%3A", ":").replace("%2C", ","))
        found.append((match["level"], title, unescaped(match["message"])))
    return found


def unescaped(text):
    return text.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%")


def finding(severity, i=0, confidence=0.9, title=None, basis="calibrated"):
    return Finding(
        rule=f"rule_{i}", title=title or f"Title {i}", severity=severity, confidence=confidence, basis=basis,
        message="m", evidence={},
    )  # fmt: skip


def with_findings(*findings, gate=None):
    return msgspec.structs.replace(sample.full(), findings=list(findings), gate=gate)


def gate(outcome, passed, *grounds, strict=False):
    return Gate(outcome, passed, strict, ("error",), (), 0.6, list(grounds))


def test_a_finding_is_an_annotation_of_its_level():
    report = with_findings(finding("error", 1), finding("warning", 2, basis="judged"), finding("info", 3, 1.0, basis="counted"))
    assert annotations(report) == [
        ("error", "Title 1", "m (rule_1, high confidence (0.90, calibrated))"),
        ("warning", "Title 2", "m (rule_2, judged 0.90, not calibrated)"),
        ("notice", "Training report", report.headline),
        ("notice", "Title 3", "m (rule_3, a fact, counted or read)"),
    ]


@pytest.mark.parametrize(
    ("outcome", "passed", "level"),
    [("fail", False, "error"), ("unknown", True, "warning"), ("unknown", False, "error"), ("pass", True, "notice")],
)
def test_the_gate_comes_first_of_its_level(outcome, passed, level):
    found = annotations(with_findings(finding("error"), finding("warning"), finding("info"), gate=gate(outcome, passed)))
    assert next(title for one, title, _ in found if one == level) == "dermai-report gate"


def test_what_fails_the_gate_is_an_error_whatever_its_severity():
    ground = Ground("rule_1", "fail", "Title 1", "info", 0.9)
    report = with_findings(finding("info", 1), finding("info", 2), gate=gate("fail", False, ground))
    assert [(level, title) for level, title, _ in annotations(report)] == [
        ("error", "dermai-report gate"), ("error", "Title 1"), ("notice", "Training report"), ("notice", "Title 2"),
    ]  # fmt: skip


def test_github_shows_ten_of_a_level_so_the_rest_is_summed_up():
    report = with_findings(*(finding("warning", i) for i in range(13)), *(finding("info", i) for i in range(20, 32)))
    found = annotations(report)
    levels = [level for level, _, _ in found]
    assert (levels.count("warning"), levels.count("notice")) == (10, 10)
    assert [title for level, title, _ in found if level == "warning"] == [f"Title {i}" for i in range(10)]
    assert found[-1] == (
        "notice",
        "7 more in the report",
        "Title 10, Title 11, Title 12, Title 28, Title 29, Title 30, Title 31",
    )


def test_escapes():
    report = with_findings(finding("error", title="50 %: a, b::c\r\n::error::forged %0A"))
    line = github.render(report).splitlines()[0]
    assert line.startswith("::error title=50 %25%3A a%2C b%3A%3Ac %3A%3Aerror%3A%3Aforged %250A::m (")
    assert annotations(report)[0][1] == "50 %: a, b::c ::error::forged %0A"


@settings(max_examples=60)
@given(st.text(st.characters(codec=None, exclude_categories=()), max_size=60))
def test_any_text_is_one_command_a_line(text):
    report = sample.with_text(sample.full(), text)
    assert len(annotations(report)) == len(annotations(sample.full()))
    github.render(report).encode("utf-8")


@pytest.mark.parametrize("kind", sample.HOSTILE)
def test_hostile_text_forges_no_command(kind):
    assert {level for level, _, _ in annotations(sample.hostile(kind))} <= {"error", "warning", "notice"}
