from xml.etree import ElementTree as ET

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from junitparser import Failure, JUnitXml, Skipped

from dermai_report import diagnose, read_run
from dermai_report.renderers import junit
from dermai_report.settings import GateSettings, Settings
from tests import builders
from tests.renderers import sample

# What readers of JUnit XML know: element -> its attributes and its children. The names on the left of | are required.
GRAMMAR = {
    "testsuites": ("|name time tests failures errors", {"testsuite"}),
    "testsuite": ("name tests failures errors|time skipped timestamp hostname id package file", {"testcase", "properties"}),
    "testcase": ("name classname|time", {"failure", "error", "skipped", "system-out", "system-err"}),
    "failure": ("|message type", set()),
    "skipped": ("|message type", set()),
    "system-out": ("|", set()),
}


def published(*fail_on, **asked):
    return diagnose(read_run(builders.PUBLISHED), Settings(gate=GateSettings(fail_on=fail_on, **asked)))


def cases(report):
    suite = next(iter(JUnitXml.fromstring(junit.render(report).encode())))
    return {case.name: case for case in suite}


def of_kind(report, kind):
    return {name for name, case in cases(report).items() if any(isinstance(result, kind) for result in case.result)}


def assert_in_the_grammar(element):
    attributes, children = GRAMMAR[element.tag]
    required, _, optional = attributes.partition("|")
    assert set(required.split()) <= set(element.attrib) <= {*required.split(), *optional.split()}
    for child in element:
        assert child.tag in children
        assert_in_the_grammar(child)


@pytest.mark.parametrize(
    "report", [sample.full(), sample.nothing_known(), sample.large(), published(), published("error", strict=True)]
)
def test_it_is_junit_and_its_counts_are_true(report):
    root = ET.fromstring(junit.render(report))
    assert_in_the_grammar(root)
    suite = root.find("testsuite")
    for count, path in (("tests", "testcase"), ("failures", "testcase/failure"), ("skipped", "testcase/skipped")):
        assert int(suite.get(count)) == len(suite.findall(path))
    assert all(len(case.findall("failure")) + len(case.findall("skipped")) <= 1 for case in suite)


def test_a_rule_is_a_case_found_passed_or_skipped():
    report = published()
    found = cases(report)
    assert set(found) == {*report.checked, *(one.rule for one in report.skipped)}
    assert {case.classname for case in found.values()} == {"resnet18-10-epochs"}
    assert of_kind(report, Skipped) == {one.rule for one in report.skipped}
    (skipped,) = found["leakage"].result
    assert skipped.message.startswith("nobody looked")
    assert "Overfitting is possible" in found["overfitting"].system_out
    assert not found["diverging"].result and not found["diverging"].system_out


def test_without_a_gate_warnings_fail():
    assert of_kind(published(), Failure) == {"no_test_predictions"}


def test_what_fails_the_gate_is_a_failure_and_nothing_else():
    assert of_kind(published("error"), Failure) == set()
    assert of_kind(published("unstable_validation", "overfitting"), Failure) == {"unstable_validation"}
    strict = published("unstable_validation", "overfitting", "leakage", strict=True)
    assert of_kind(strict, Failure) == {"unstable_validation", "overfitting", "leakage"}


def test_a_requirement_is_a_case():
    report = sample.full()
    low, high = report.test.accuracy_ci95
    texts = [f"test.accuracy >= {bound:.4f}" for bound in (low - 0.01, high + 0.01, report.test.accuracy)]
    gate = junit.judge(report, Settings(gate=GateSettings(require=tuple(texts))))
    found = cases(msgspec.structs.replace(report, gate=gate))
    results = [[type(result) for result in found[text].result] for text in texts]
    assert results == [[], [Failure], [Skipped]]


@settings(max_examples=60)
@given(st.text(st.characters(codec=None, exclude_categories=()), max_size=40))
def test_any_text_is_xml(text):
    for report in (sample.with_text(sample.full(), text), sample.with_text(published("warning"), text)):
        rendered = junit.render(report)
        assert_in_the_grammar(ET.fromstring(rendered.encode("utf-8")))


@pytest.mark.parametrize("kind", sample.HOSTILE)
def test_hostile_text_stays_text(kind):
    root = ET.fromstring(junit.render(sample.hostile(kind)).encode())
    assert_in_the_grammar(root)
