"""Each rule: a run that must trigger it, and a near miss that must not."""

import math
from dataclasses import replace

import numpy as np
import pytest

from dermai_report import diagnose, read_run, registry
from dermai_report.run import Data, EpochLog, Evaluation, Run
from tests import builders

RNG = np.random.default_rng(0)
VAL = builders.losses(20)
RISING = [*builders.losses(10), *(builders.losses(10)[-1] * (1 + 0.06 * i) for i in range(1, 11))]


def with_test(shift: float = 1.0, n: int = 2000) -> Run:
    outcome = builders.predictions(np.random.default_rng(5), n, skill=2.0, shift=shift)
    return builders.run(test=builders.evaluation(outcome, 4), predictions={"test": outcome})


def curve(val: list[float], train: list[float] | None = None, **facts: object) -> Run:
    accuracy = [1 - v / 3 for v in val]
    return builders.run(epochs=builders.epochs(train or [v * 0.9 for v in val], val, accuracy, accuracy), **facts)


def noisy(sigma: float) -> list[float]:
    rng = np.random.default_rng(3)
    return [v * math.exp(rng.normal(0, sigma)) for v in builders.losses(20)]


def frozen(train_accuracy: float) -> Run:
    logs = builders.epochs([0.5] * 3, [0.6, 0.5, 0.4], [train_accuracy] * 3, [0.7] * 3)
    return builders.run(epochs=logs, config=builders.CONFIG)


def plateau(rates: list[float]) -> Run:
    return builders.run(epochs=builders.epochs(VAL[:6], VAL[:6], lr=rates))


def dropped(n: int) -> Run:
    data = Data(counts={"val": {"a": n}})
    return builders.run(
        epochs=builders.epochs([1.0], [1.0], [0.8], [0.8]), data=data, test=Evaluation(accuracy=0.74, n=n, epoch=1)
    )


def with_status(status: str) -> Run:
    return builders.run(status=status)


WEAK = [[90, 5, 5], [5, 90, 5], [25, 25, 50]]
EVEN = [[90, 5, 5], [5, 90, 5], [6, 6, 88]]
PAIR = [[70, 28, 2], [3, 94, 3], [3, 3, 94]]
SPREAD = [[90, 5, 5], [6, 90, 4], [5, 6, 89]]

CASES: dict[str, tuple[Run, Run]] = {
    "overfitting": (curve(RISING, VAL), curve(VAL)),
    "best_epoch_not_last": (curve([*VAL, VAL[-1] * 1.2]), curve(VAL)),
    "train_val_gap": (
        curve(VAL, [v - 0.02 * i for i, v in enumerate(VAL)]),
        curve(noisy(0.05), [v * math.exp(e) for v, e in zip(VAL, RNG.normal(0, 0.05, 20), strict=True)]),
    ),
    "frozen_too_much": (frozen(0.80), frozen(0.96)),
    "schedule_never_acted": (plateau([1e-3] * 6), plateau([1e-3] * 4 + [1e-4] * 2)),
    "unstable_validation": (curve(noisy(0.15)), curve(noisy(0.02))),
    "validation_to_test_drop": (dropped(1000), dropped(100)),
    "single_split": (curve(VAL, data=Data(counts={"val": {"a": 900}})), curve(VAL, data=Data(counts={"val": {"a": 20_000}}))),
    "no_test_predictions": (builders.run(test=Evaluation(accuracy=0.7)), with_test()),
    "weak_classes": (builders.from_confusion(WEAK), builders.from_confusion(EVEN)),
    "confused_pairs": (builders.from_confusion(PAIR), builders.from_confusion(SPREAD)),
    "class_imbalance": (
        builders.run(data=Data(counts={"train": {"a": 1000, "b": 99}})),
        builders.run(data=Data(counts={"train": {"a": 1000, "b": 120}})),
    ),
    "miscalibration": (with_test(shift=2.5), with_test(shift=1.0)),
    "no_better_than_majority": (builders.from_confusion([[80, 0], [18, 2]]), builders.from_confusion([[80, 0], [4, 16]])),
    "still_improving": (curve(VAL[:10]), curve([*VAL[:9], VAL[7]])),
    "not_finite": (curve([1.0, math.nan, 0.5, 0.4, 0.4]), curve(VAL)),
    "unfinished": (with_status("interrupted"), with_status("finished")),
    "reproducibility": (builders.run(seed=None), builders.run()),
}


def findings(run: Run, rule: str) -> list:
    return [f for f in diagnose(run).findings if f.rule == rule]


def test_every_rule_has_its_pair_of_runs() -> None:
    assert set(CASES) == set(registry.names("rules"))


@pytest.mark.parametrize("rule", sorted(CASES))
def test_fires(rule: str) -> None:
    found = findings(CASES[rule][0], rule)
    assert found
    for f in found:
        assert 0 < f.confidence < 1
        assert f.message.endswith((".", "%)."))
        assert f.evidence


@pytest.mark.parametrize("rule", sorted(CASES))
def test_is_quiet_on_a_near_miss(rule: str) -> None:
    assert not findings(CASES[rule][1], rule)


def test_a_good_run_raises_no_alarm() -> None:
    outcome = builders.predictions(np.random.default_rng(7), 12_000, skill=2.5)
    run = builders.run(
        test=builders.evaluation(outcome, 4), predictions={"test": outcome, "val": outcome},
        epochs=builders.epochs(VAL, VAL, [0.97] * 20, [0.9] * 20, lr=[1e-3] * 10 + [1e-4] * 10),
    )  # fmt: skip
    assert [f.rule for f in diagnose(run).findings if f.severity != "info"] == []


def test_drop_without_counts_says_what_is_needed() -> None:
    (finding,) = findings(read_run(builders.PUBLISHED), "validation_to_test_drop")
    assert "not logged" in finding.message
    assert finding.advice[0].action.id == "log-predictions"


def test_missing_epochs_are_named() -> None:
    logs = tuple(e for e in builders.epochs(VAL, VAL) if e.epoch not in (3, 4, 9))
    (finding,) = findings(builders.run(epochs=logs), "unfinished")
    assert "3-4, 9" in finding.message


def test_weak_class_of_many_needs_the_correction() -> None:
    """One of thirty classes at p = .02 alone must not be called weak."""
    confusion = np.diag([40] * 30)
    confusion[0, 0], confusion[0, 1] = 36, 4
    confusion[1:, 1] += 0
    for i in range(1, 30):
        confusion[i, i], confusion[i, (i + 1) % 30] = 39, 1
    assert not findings(builders.from_confusion(confusion.tolist()), "weak_classes")


def test_learning_rate_fits_the_run() -> None:
    (finding,) = findings(replace(CASES["unstable_validation"][0], config={"lr": 0.03}), "unstable_validation")
    lower = next(a for a in finding.advice if a.action.id == "lower-learning-rate")
    assert lower.action.patch == {"lr": 0.01}


def test_epoch_of_one_line() -> None:
    run = builders.run(epochs=(EpochLog(epoch=1, val={"loss": 1.0}),), test=None)
    assert diagnose(run).best_epoch is not None
