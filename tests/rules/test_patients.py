"""Findings count patients where groups are logged, not their pictures."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dermai_report import registry
from dermai_report.run import Predictions, Run
from tests import builders

COPIES = 6
# Sure enough to be reported, and unsure enough for six times the samples to make a difference.
CASES = {
    "weak_classes": ([[46, 4], [17, 43]], [[50, 0], [0, 60]]),
    "no_better_than_majority": ([[63, 7], [21, 9]], [[70, 0], [0, 30]]),
    "label_shift": ([[59, 5], [5, 31]], [[80, 4], [4, 12]]),
}


def outcome(confusion: list[list[int]], copies: int, grouped: bool) -> Predictions:
    counts = np.array(confusion) * copies
    label, predicted = (np.repeat(i.ravel(), counts.ravel()).astype(np.int32) for i in np.indices(counts.shape))
    names = [str(n) for n in range(len(label))]
    return Predictions(
        sample=names, label=label, predicted=predicted, group=[str(n // copies) for n in range(len(label))] if grouped else None
    )


def confidence(rule: str, copies: int, grouped: bool) -> float:
    test, val = (outcome(confusion, copies, grouped) for confusion in CASES[rule])
    run: Run = builders.run(classes=("a", "b"), test=builders.evaluation(test, 2), predictions={"test": test, "val": val})
    return sum(finding.confidence for finding in registry.load("rules", rule, "rule").check(run))


@pytest.mark.parametrize("rule", CASES)
def test_six_pictures_of_each_patient_are_no_more_evidence_than_one(rule: str) -> None:
    single = confidence(rule, 1, grouped=False)
    assert 0.3 < single < 0.97
    assert confidence(rule, COPIES, grouped=True) == pytest.approx(single, abs=0.06)
    assert abs(confidence(rule, COPIES, grouped=False) - single) > 0.09


def test_patients_of_unlike_difficulty_make_no_class_weak() -> None:
    """Without the groups about a quarter of such runs has a "weak" class."""
    rng, check, alarms = np.random.default_rng(5), registry.load("rules", "weak_classes", "rule").check, [0, 0]
    for _ in range(60):
        patients = rng.integers(0, 4, 60)
        codes = np.repeat(np.arange(60), COPIES)
        right = rng.random(len(codes)) < rng.beta(2, 0.6, 60)[codes]
        label = patients[codes].astype(np.int32)
        called = np.where(right, label, (label + 1) % 4).astype(np.int32)
        for n, groups in enumerate((None, [f"p{c}" for c in codes])):
            test = Predictions(sample=[str(i) for i in range(len(codes))], label=label, predicted=called, group=groups)
            run = builders.run(classes=tuple("abcd"), test=builders.evaluation(test, 4), predictions={"test": test})
            alarms[n] += any(True for _ in check(run))
    assert alarms[0] >= 9
    assert alarms[1] <= 6


def test_a_class_of_too_few_patients_is_not_called_weak() -> None:
    test = outcome([[290, 10], [30, 0]], 1, grouped=False)
    few = Predictions(
        sample=test.sample,
        label=test.label,
        predicted=test.predicted,
        group=[str(n if n < 300 else n // 10) for n in range(330)],
    )
    found = {}
    for name, one in (("pictures", test), ("patients", few)):
        run = builders.run(classes=("a", "b"), test=builders.evaluation(one, 2), predictions={"test": one})
        found[name] = list(registry.load("rules", "weak_classes", "rule").check(run))
    assert found["pictures"] and not found["patients"]


def test_a_class_of_one_patient_that_is_never_predicted_is_little_evidence() -> None:
    test = outcome([[20, 0], [10, 0]], 1, grouped=False)
    patients = [f"a{n}" for n in range(20)] + ["b"] * 10
    said = []
    for group in (None, patients):
        one = Predictions(sample=test.sample, label=test.label, predicted=test.predicted, group=group)
        run = builders.run(classes=("a", "b"), test=builders.evaluation(one, 2), predictions={"test": one})
        (finding,) = registry.load("rules", "never_predicted", "rule").check(run)
        said.append(finding.confidence)
    assert said == [1 - 0.5**11, 0.75]


def test_the_optimism_of_a_choice_rests_on_patients() -> None:
    samples = builders.sample_epochs(np.random.default_rng(4), [1.0] * 12, n=60)
    many = replace(
        samples,
        label=np.repeat(samples.label, COPIES),
        loss=np.repeat(samples.loss, COPIES, axis=1),
        predicted=np.repeat(samples.predicted, COPIES, axis=1),
    )
    curve, accuracy = samples.loss.mean(axis=1), (samples.predicted == samples.label).mean(axis=1)
    best = int(curve.argmin())
    val = Predictions(
        sample=[str(i) for i in range(len(many.label))],
        label=many.label,
        predicted=many.predicted[best],
        group=[str(i // COPIES) for i in range(len(many.label))],
    )
    logs, said = builders.epochs(curve, curve, accuracy, accuracy), []
    for kept, predictions in ((samples, {}), (many, {"val": val})):
        run = builders.run(epochs=logs, val_epochs=kept, predictions=predictions)
        (finding,) = registry.load("rules", "selection_optimism", "rule").check(run, matters=0.0)
        said.append(finding.confidence)
    assert said[1] == pytest.approx(said[0], abs=0.03)
