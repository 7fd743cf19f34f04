"""Confused pairs count patients, where these are known."""

import numpy as np

from dermai_report import measures, registry
from dermai_report.measures.comparison import confusion_p
from dermai_report.run import Predictions, Run
from tests import builders

PICTURES = 6
K = 4


def run_of(label: np.ndarray, called: np.ndarray, patient: np.ndarray | None) -> Run:
    outcome = Predictions(
        sample=[str(i) for i in range(len(label))],
        label=label.astype(np.int32),
        predicted=called.astype(np.int32),
        group=None if patient is None else [str(p) for p in patient],
    )
    return builders.run(classes=tuple("abcd"), test=builders.evaluation(outcome, K), predictions={"test": outcome})


def drawn(rng: np.random.Generator, patients: int, extra: float = 0.0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Labels, predictions and patients: all that is wrong of one patient goes to one class, any; of class 0 more often to class 1."""
    of = np.repeat(np.arange(patients), PICTURES)
    label = rng.integers(0, K, patients)
    goes = (label + rng.integers(1, K, patients)) % K
    goes[(label == 0) & (rng.random(patients) < extra)] = 1
    return label[of], np.where(rng.random(len(of)) < 0.6, label[of], goes[of]), of


def test_without_groups_it_is_fishers_test() -> None:
    label, called, _ = drawn(np.random.default_rng(0), 40)
    run = run_of(label, called, None)
    assert run.test is not None
    p, counts = measures.confused_p(run), np.array(run.test.confusion)
    assert np.diag(p).tolist() == [1.0] * K
    assert p[2, 1] == confusion_p(counts, 2, 1)


def test_one_picture_a_patient_is_no_group() -> None:
    label, called, _ = drawn(np.random.default_rng(0), 40)
    alone, grouped = (measures.confused_p(run_of(label, called, codes)) for codes in (None, np.arange(len(label))))
    np.testing.assert_array_equal(alone, grouped)


def test_errors_that_go_one_way_within_patients_are_no_pair() -> None:
    """No pair is confused; taken for independent, the pictures say so in half of the runs."""
    rng, check, alarms = np.random.default_rng(3), registry.load("rules", "confused_pairs", "rule").check, [0, 0]
    for _ in range(100):
        label, called, patient = drawn(rng, 100)
        for n, codes in enumerate((None, patient)):
            alarms[n] += any(True for _ in check(run_of(label, called, codes)))
    assert alarms[0] >= 35
    assert alarms[1] <= 9


def test_classes_that_two_patients_mix_up_do_not_overlap() -> None:
    """Twenty errors each way, of one patient each, among errors that go anywhere."""
    rng, check = np.random.default_rng(5), registry.load("rules", "overlapping_classes", "rule").check
    label = np.repeat(np.arange(K), 100)
    called, patient = np.where(rng.random(400) < 0.8, label, rng.integers(0, K, 400)), np.arange(400)
    for one, other in ((0, 1), (1, 0)):
        rows = np.flatnonzero(label == one)[:20]
        called[rows], patient[rows] = other, 1000 + one
    (found,) = check(run_of(label, called, None))
    assert ["a", "b"] in found.evidence["pairs"]
    assert not list(check(run_of(label, called, patient)))


def test_a_pair_that_patients_agree_on_is_found() -> None:
    rng, check, found = np.random.default_rng(4), registry.load("rules", "confused_pairs", "rule").check, 0
    for _ in range(30):
        found += any(f.evidence["pairs"][0][:2] == ["a", "b"] for f in check(run_of(*drawn(rng, 200, extra=0.8))))
    assert found >= 24
    assert measures.confused_p(run_of(*drawn(rng, 300, extra=0.8)))[0, 1] < 1e-4


def test_the_errors_of_four_patients_are_too_few() -> None:
    label = np.repeat([0, 1, 2, 3], 60)
    called, patient = label.copy(), np.arange(240)
    called[:40], patient[:40] = 1, np.arange(40) // 10
    called[60:], patient[60:] = (label[60:] + np.arange(180) % 3 + 1) % K, 100 + np.arange(180)
    assert measures.confused_p(run_of(label, called, None))[0, 1] < 1e-6
    assert measures.confused_p(run_of(label, called, patient))[0, 1] == 1
