"""A bound on a number is decided by the number's interval, and a wrong decision is as rare as the interval says."""

import json

import msgspec
import numpy as np
import pytest

from dermai_report import DermaiError, diagnose, measures, renderers
from dermai_report.report import Report
from dermai_report.requirements import decide, known, parse
from tests import builders

CLASSES = ("acne", "basal cell c. (v2.0)")
TESTED = diagnose(
    builders.run(
        classes=CLASSES,
        test=builders.evaluation(builders.predictions(np.random.default_rng(0), 400, k=2), 2),
        predictions={"test": builders.predictions(np.random.default_rng(0), 400, k=2)},
    )
)


def with_accuracy(value: float | None, interval: tuple[float, float] | None) -> Report:
    assert TESTED.test is not None
    test = msgspec.structs.replace(TESTED.test, accuracy=value, accuracy_ci95=interval)
    return msgspec.structs.replace(TESTED, test=test)


@pytest.mark.parametrize(
    ("text", "interval", "outcome"),
    [
        ("test.accuracy >= 0.8", (0.81, 0.89), "pass"),
        ("test.accuracy >= 0.8", (0.80, 0.89), "pass"),
        ("test.accuracy >= 0.8", (0.70, 0.79), "fail"),
        ("test.accuracy >= 0.8", (0.75, 0.85), "unknown"),
        ("test.accuracy>=80%", (0.81, 0.89), "pass"),
        ("test.accuracy <= 80 %", (0.81, 0.89), "fail"),
        ("test.accuracy <= 8e-1", (0.70, 0.80), "pass"),
        ("test.accuracy <= .8", (0.75, 0.85), "unknown"),
        ("test.accuracy >= 0.1", None, "unknown"),
    ],
)
def test_the_interval_decides(text: str, interval: tuple[float, float] | None, outcome: str) -> None:
    assert decide(parse(text), with_accuracy(0.8, interval)).outcome == outcome


def test_what_is_not_known_is_not_decided() -> None:
    assert decide(parse("test.accuracy >= 0.1"), with_accuracy(None, None)).message == "the number is not known"
    untested = msgspec.structs.replace(TESTED, test=None, best_epoch=None)
    for path in known():
        if not path.startswith("generalization"):
            assert decide(parse(f"{path} >= 0.1"), untested).outcome == "unknown"


@pytest.mark.parametrize("path", known())
def test_every_number_with_an_interval_is_found_in_the_report(path: str) -> None:
    value = json.loads(renderers.render(TESTED, "json"))
    for key in path.split("."):
        value = value[key]
    ground = decide(parse(f"{path} >= -1e9"), TESTED)
    assert ("not known" if value is None else f"{value:.4g}") in ground.message


@pytest.mark.parametrize("name", CLASSES)
def test_a_class_is_named_as_it_is_whatever_is_in_its_name(name: str) -> None:
    assert decide(parse(f"test.per_class.{name}.recall >= 0.01"), TESTED).outcome == "pass"


def test_a_class_that_the_run_does_not_have_is_an_error() -> None:
    with pytest.raises(DermaiError, match="did you mean 'acne'"):
        decide(parse("test.per_class.acnes.recall >= 0.5"), TESTED)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("test.acuracy >= 0.8", "did you mean 'test.accuracy'"),
        ("test.per_class.acne.recal >= 0.8", "did you mean 'recall'"),
        ("run.n_epochs >= 3", "no number with an interval"),
        ("test.accuracy > 0.8", "write it as"),
        ("test.accuracy", "write it as"),
        ("test.accuracy >= high", "write it as"),
        ("test.accuracy >= 1.2.3", "write it as"),
        (">= 0.8", "write it as"),
        ("", "write it as"),
    ],
)
def test_a_wrong_requirement_is_explained(text: str, message: str) -> None:
    with pytest.raises(DermaiError) as caught:
        parse(text)
    assert message in str(caught.value)


def test_at_the_bound_itself_a_decision_is_as_rare_as_the_interval_says() -> None:
    """Ten thousand test sets of a model that is exactly as good as required: about one in forty on each side."""
    rng, n, bound = np.random.default_rng(1), 300, 0.8
    requirement, outcomes = parse("test.accuracy >= 0.8"), {"pass": 0, "fail": 0, "unknown": 0}
    hits, times = np.unique(rng.binomial(n, bound, 10_000), return_counts=True)
    for k, count in zip(hits, times, strict=True):
        outcomes[decide(requirement, with_accuracy(k / n, measures.wilson(int(k), n))).outcome] += int(count)
    assert 0.01 < outcomes["pass"] / 10_000 < 0.035
    assert 0.01 < outcomes["fail"] / 10_000 < 0.035
