from dataclasses import replace

import numpy as np
import pytest

from dermai_report import measures
from dermai_report.measures.shared_classes import OTHER, only
from tests import builders


def run_of(outcome):
    return builders.run(predictions={"test": outcome}, test=builders.evaluation(outcome, 4))


def prediction_loss(run):
    return float(measures.sample_losses(run.predictions["test"]).mean())


def test_all_classes_in_their_order_change_nothing():
    run = run_of(builders.predictions(np.random.default_rng(0), 50))
    assert only(run, run.classes) is run


def test_another_order_of_all_classes_changes_no_score():
    run = run_of(builders.predictions(np.random.default_rng(1), 200))
    turned = only(run, run.classes[::-1])
    before, after = measures.test_scores(run), measures.test_scores(turned)
    assert turned.classes == run.classes[::-1]
    assert after.loss == pytest.approx(prediction_loss(run), abs=1e-6)
    for name in ("accuracy", "macro_f1", "auroc_macro"):
        assert after[name] == pytest.approx(before[name], abs=1e-6)
    assert [c.recall for c in after.per_class] == [c.recall for c in before.per_class][::-1]


def test_a_left_out_class_leaves_with_its_samples_and_its_probability():
    outcome = builders.predictions(np.random.default_rng(2), 200)
    kept = only(run_of(outcome), ("acne", "eczema", "nevus"))
    of_test = kept.predictions["test"]
    assert len(of_test) == int((outcome.label != 2).sum()) == kept.test.n
    assert of_test.probabilities.sum(axis=1) == pytest.approx(1, abs=1e-5)
    assert (of_test.predicted < 3).all()
    there = outcome.probabilities[outcome.label != 2][:, [0, 1, 3]].argmax(axis=1)
    assert of_test.predicted.tolist() == there.tolist()


def test_decisions_alone_stay_errors_where_they_name_a_class_outside():
    run = builders.from_confusion([[5, 1, 2], [0, 6, 3], [1, 1, 7]])
    kept = only(run, ("class1", "class0"))
    assert kept.classes == ("class1", "class0", OTHER)
    assert kept.test.confusion == [[6, 0, 3], [1, 5, 2], [0, 0, 0]]
    assert kept.test.accuracy == pytest.approx(11 / 17)


def test_counts_alone_give_the_same_as_decisions():
    run = builders.from_confusion([[5, 1, 2], [0, 6, 3], [1, 1, 7]])
    counted = builders.run(test=run.test, classes=run.classes)
    assert only(counted, ("class1", "class0")).test.confusion == [[6, 0, 3], [1, 5, 2], [0, 0, 0]]
    assert only(counted, ()).test is None


def test_what_else_is_known_leaves_with_its_samples():
    outcome = builders.predictions(np.random.default_rng(3), 60)
    told = replace(outcome, columns={"label": [f"class {c}" for c in outcome.label]})
    kept = only(run_of(told), ("acne", "eczema")).predictions["test"]
    assert kept.columns["label"] == [f"class {c}" for c in outcome.label[outcome.label < 2]]
