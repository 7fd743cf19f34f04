"""Intervals of what was gained, by simulation against the truth; seeded."""

from dataclasses import replace

import numpy as np
import pytest

from dermai_report.comparison.differences import _recall, differences
from dermai_report.comparison.matching import Shared, match
from dermai_report.measures.auroc import area_difference, auroc
from dermai_report.measures.calibration import ece_difference
from dermai_report.measures.intervals import combined, p_of
from dermai_report.measures.paired import compare
from dermai_report.measures.ranking import rank
from dermai_report.run import Predictions, SampleEpochs
from tests import builders

MIX = (0.5, 0.3, 0.15, 0.05)
K = len(MIX)


def drawn(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Labels and two models' probabilities, the second more skilled, both wrong about much the same samples."""
    label = rng.choice(K, n, p=MIX)
    common = rng.normal(size=(n, K))
    tables = []
    for skill in (1.5, 2.2):
        logits = common + 0.7 * rng.normal(size=(n, K))
        logits[np.arange(n), label] += skill
        table = np.exp(logits)
        tables.append(table / table.sum(axis=1, keepdims=True))
    return label, tables[0], tables[1]


@pytest.fixture(scope="module")
def truth() -> tuple[float, float]:
    label, first, second = drawn(np.random.default_rng(99), 200_000)
    recalls = [np.mean([(t.argmax(1)[label == c] == c).mean() for c in range(K)]) for t in (first, second)]
    areas = [np.mean([auroc(rank(t[:, c], label == c))[0].value for c in range(K)]) for t in (first, second)]  # type: ignore[arg-type]
    return float(recalls[1] - recalls[0]), float(areas[1] - areas[0])


def test_paired_intervals_of_averages_over_classes_hold_the_truth(truth: tuple[float, float]) -> None:
    rounds, held = 0, np.zeros(2)
    for seed in range(300):
        label, first, second = drawn(np.random.default_rng(seed), 500)
        places = np.arange(len(label))
        shared = Shared(label, first.argmax(axis=1), second.argmax(axis=1), places, places, None)
        rows = [row for c in range(K) if (row := _recall(shared, c, "")) is not None]
        low, high = combined([(row.difference, row.ci95) for row in rows], least=-1.0)  # type: ignore[misc]
        found = area_difference(first, second, label)
        if found is None:
            continue
        rounds += 1
        held += (low <= truth[0] <= high, found[2][0] <= truth[1] <= found[2][1])
    assert rounds > 280
    assert 0.93 <= held[0] / rounds <= 0.99  # one discordant pair more a class and way: wide where classes are rare
    assert 0.93 <= held[1] / rounds <= 0.975


def test_two_equal_models_are_seldom_told_apart() -> None:
    told = 0
    for seed in range(400):
        rng = np.random.default_rng(seed)
        common = builders.predictions(rng, 150)
        ways = []
        for shift in rng.normal(scale=0.7, size=(2, 150, 4)):
            predicted = (np.log(common.probabilities) + shift).argmax(axis=1).astype(np.int32)
            ways.append(replace(common, predicted=predicted, probabilities=None))
        pair = compare(ways[0], ways[1])
        assert pair is not None and pair.p is not None
        told += pair.p < 0.05 and not pair.ci95[0] <= 0 <= pair.ci95[1]
    assert told / 400 <= 0.06  # what is asked of a verdict; McNemar's exact test is conservative


def test_a_rare_class_has_no_paired_area() -> None:
    label, first, second = drawn(np.random.default_rng(0), 60)
    assert area_difference(first, second, label) is None


def test_p_of_an_interval() -> None:
    assert p_of(0.0, (-0.1, 0.1)) == 1
    assert p_of(0.1, (0.0, 0.2)) == pytest.approx(0.05)
    assert p_of(-0.1, (-0.4, 0.0)) == pytest.approx(0.05)
    assert p_of(0.2, (0.1, 0.3)) < 0.001
    assert (p_of(0.0, (0.0, 0.0)), p_of(0.1, (0.1, 0.1))) == (1.0, 0.0)


CALIBRATED = {"both": (1.0, 1.0), "the first": (1.0, 1.6), "neither": (1.6, 1.5)}


@pytest.mark.parametrize("which", CALIBRATED)
@pytest.mark.parametrize("groups", [0, 60])
def test_the_interval_of_a_difference_of_calibration_errors_holds_the_truth(which: str, groups: int) -> None:
    """A calibrated model's measured error is all bias, so a bootstrap's interval holds this difference in 2 to 22 of 100 cases."""

    def models(seed: int, n: int, patients: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray | None]:
        rng = np.random.default_rng(seed)
        label, common = rng.integers(0, K, n), rng.normal(size=(n, K))
        codes = np.unique(rng.integers(0, patients, n), return_inverse=True)[1] if patients else None
        tables = []
        for shift in CALIBRATED[which]:
            logits = 0.8 * common + 0.6 * rng.normal(size=(n, K))
            logits[np.arange(n), label] += 1.5
            if codes is not None:
                logits[np.arange(n), label] += 0.8 * np.random.default_rng(seed).normal(size=patients)[codes]
            table = np.exp(1.5 * shift * logits)
            tables.append(table / table.sum(axis=1, keepdims=True))
        return label, tables[0], tables[1], codes

    label, first, second, codes = models(999, 100_000, 20_000 if groups else 0)
    found = ece_difference(first, second, label)
    assert found is not None
    truth, held = found[1] - found[0], 0
    for seed in range(120):
        label, first, second, codes = models(seed, 400, groups)
        found = ece_difference(first, second, label, codes)
        assert found is not None
        held += found[2][0] <= truth <= found[2][1]
    assert held / 120 >= 0.95


def test_intervals_of_the_drop_and_of_the_best_epoch_hold_the_truth() -> None:
    """Two trainings of 10 and 20 epochs without any drop, whose best epoch is chosen; the interval of the drop is for chosen epochs."""
    dropped = later = 0
    rounds, n = 80, 300
    for seed in range(rounds):
        rng = np.random.default_rng(seed)
        runs, truth = [], []
        label = {split: rng.integers(0, K, n) for split in ("val", "test")}
        common = {split: rng.normal(size=(n, K)) for split in label}
        for length in (10, 20):
            skills = 1.5 + 0.05 * rng.normal(size=length)
            outcomes: dict[str, list[np.ndarray]] = {"val": [], "test": []}
            for split, tables in outcomes.items():
                for skill in skills:
                    logits = common[split] + 0.5 * rng.normal(size=(n, K))
                    logits[np.arange(n), label[split]] += skill
                    table = np.exp(logits)
                    tables.append(table / table.sum(axis=1, keepdims=True))
            losses = np.array([-np.log(t[np.arange(n), label["val"]]) for t in outcomes["val"]])
            best = int(losses.mean(axis=1).argmin())
            truth.append(int(skills.argmax()) + 1)
            predictions = {
                split: Predictions(
                    sample=[f"{split}/{i}.jpg" for i in range(n)],
                    label=label[split].astype(np.int32),
                    predicted=tables[best].argmax(axis=1).astype(np.int32),
                    probabilities=tables[best].astype(np.float32),
                    epoch=best + 1,
                )
                for split, tables in outcomes.items()
            }
            called = np.array([t.argmax(axis=1) for t in outcomes["val"]])
            logs = builders.epochs([], list(losses.mean(axis=1)), (), list((called == label["val"]).mean(axis=1)))
            samples = SampleEpochs(
                epochs=tuple(range(1, length + 1)), loss=losses.astype(np.float32), predicted=called, label=label["val"]
            )
            test = builders.evaluation(predictions["test"], K, epoch=best + 1)
            runs.append(builders.run(epochs=logs, predictions=predictions, val_epochs=samples, test=test))
        matches = {split: match(runs[0], runs[1], split) for split in label}
        rows = {row.label: row for row in differences(runs[0], runs[1], matches, True)}
        drop, best_epoch = rows["Drop from validation to test"].ci95, rows["Best epoch"].ci95
        assert drop is not None and best_epoch is not None
        dropped += drop[0] <= 0 <= drop[1]
        later += best_epoch[0] <= truth[1] - truth[0] <= best_epoch[1]
    assert dropped / rounds >= 0.93
    assert later / rounds >= 0.9


def test_separate_validation_samples_count_patients() -> None:
    """Six pictures of each of fifty patients tell no more of an epoch's accuracy than one of each."""
    label, spans = np.arange(300, dtype=np.int32) % 4, []
    for group in (None, [str(i // 6) for i in range(300)]):
        runs = []
        for name, wrong in (("a", 10), ("b", 15)):
            predicted = np.where(np.repeat(np.arange(50) < wrong, 6), (label + 1) % 4, label)
            val = Predictions(sample=[f"{name}{i}" for i in range(300)], label=label, predicted=predicted, group=group)
            logs = builders.epochs([], [], [], [0.3, 1 - wrong / 50])
            runs.append(builders.run(epochs=logs, predictions={"val": val}))
        matches = {split: match(runs[0], runs[1], split) for split in ("val", "test")}
        (row,) = (r for r in differences(runs[0], runs[1], matches, True) if r.label == "Validation accuracy")
        assert row.ci95 is not None
        spans.append(row.ci95[1] - row.ci95[0])
    assert spans[1] > 2 * spans[0]
