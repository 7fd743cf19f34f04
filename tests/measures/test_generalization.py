"""From validation to test: the drop, its interval, and its parts."""

from dataclasses import replace

import numpy as np
import pytest

from dermai_report import diagnose, measures, read_run
from dermai_report.run import Checkpoint, Data, Evaluation, Predictions
from tests import builders


def run_of(val: float, test: float, n_val: int | None, n_test: int | None) -> builders.Run:
    counts = {"val": {"a": n_val}} if n_val else {}
    return builders.run(
        epochs=builders.epochs([1.0], [1.0], [val], [val]),
        data=Data(counts=counts),
        test=Evaluation(accuracy=test, n=n_test, epoch=1),
    )


def test_published_run_cannot_tell() -> None:
    g = measures.generalization(read_run(builders.PUBLISHED))
    assert g.drop == pytest.approx(0.0563)
    assert (g.drop_ci95, g.significant, g.n_needed, g.epoch) == (None, None, 491, 9)


@pytest.mark.parametrize(("n", "significant"), [(490, False), (491, True), (2000, True), (50, False)])
def test_significance_needs_n(n: int, significant: bool) -> None:
    assert measures.generalization(run_of(0.7468, 0.6905, n, n)).significant is significant


def test_one_count_missing() -> None:
    assert measures.generalization(run_of(0.8, 0.7, None, 100)).drop_ci95 is None


def test_selection_optimism_is_the_luck_of_the_best() -> None:
    """Twenty epochs of equal skill: what the chosen one gains on validation is all luck; a fresh set shows the truth."""
    estimated, true = [], []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        samples = builders.sample_epochs(rng, [1.0] * 20, n=150)
        curve = samples.loss.mean(axis=1)
        run = builders.run(epochs=builders.epochs(curve, curve), val_epochs=samples)
        estimated.append(measures.selection_optimism(run))
        fresh = builders.sample_epochs(np.random.default_rng(1000 + seed), [1.0], n=4000)
        best = int(curve.argmin())
        accuracy = (samples.predicted[best] == samples.label).mean()
        true.append(accuracy - (fresh.predicted[0] == fresh.label).mean())
    assert np.mean(estimated) == pytest.approx(np.mean(true), abs=0.015)


def test_an_epoch_that_was_not_chosen_is_not_flattered() -> None:
    """The last epoch was shipped, far behind the best: nothing of the choice of the best is in its own drop of a point."""
    samples = builders.sample_epochs(np.random.default_rng(1), [0.5, 1.5, 3, 1.2, 0.8], n=500)
    loss, accuracy = samples.loss.mean(axis=1), (samples.predicted == samples.label).mean(axis=1)
    found = {}
    for epoch in (3, 5):
        test = Evaluation(accuracy=float(accuracy[epoch - 1]) - 0.01, n=500, epoch=epoch)
        run = builders.run(epochs=builders.epochs(loss, loss, accuracy, accuracy), val_epochs=samples, test=test)
        found[epoch] = measures.generalization(run)
    assert found[3].corrected_ci95 is not None and found[3].parts.selection is not None
    assert found[5].corrected_ci95 is None and found[5].parts.selection is None
    assert found[5].significant is False


def test_groups_of_samples_in_another_order_are_unknown() -> None:
    samples = builders.sample_epochs(np.random.default_rng(1), [1.0, 1.5], n=60)
    for label, known in ((samples.label, True), (samples.label[::-1], False)):
        val = Predictions(sample=[""] * 60, label=label, predicted=label, group=[str(i // 6) for i in range(60)])
        assert (measures.val_epoch_groups(builders.run(val_epochs=samples, predictions={"val": val})) is not None) == known


def test_no_optimism_without_a_choice() -> None:
    samples = builders.sample_epochs(np.random.default_rng(0), [0.0, 3.0], n=400)
    curve = samples.loss.mean(axis=1)
    run = builders.run(epochs=builders.epochs(curve, curve), val_epochs=samples)
    assert abs(measures.selection_optimism(run) or 0) < 0.01


def test_label_shift_explains_a_drop_made_by_the_class_mix() -> None:
    def mix(n0: int, n1: int) -> builders.Predictions:
        label = np.repeat([0, 1], [n0, n1]).astype(np.int32)
        wrong = np.concatenate([np.arange(n0) % 10 == 0, np.arange(n1) % 2 == 0])  # recall .9 and .5 in both splits
        return builders.Predictions(
            sample=[str(i) for i in range(n0 + n1)], label=label, predicted=np.where(wrong, 1 - label, label).astype(np.int32)
        )

    val, test = mix(800, 200), mix(200, 800)
    run = builders.run(
        classes=("a", "b"), predictions={"val": val, "test": test}, test=builders.evaluation(test, 2),
        epochs=builders.epochs([1.0] * 10, [1.0] * 10, [0.8] * 10, [0.82] * 10),
    )  # fmt: skip
    found = measures.label_shift(run)
    assert found is not None
    assert found.part == pytest.approx(0.82 - 0.58)
    parts = measures.generalization(run).parts
    assert parts.label_shift == pytest.approx(0.24)
    assert parts.unexplained == pytest.approx(0.0, abs=1e-9)


def test_the_tested_epoch_is_never_guessed() -> None:
    logs = builders.epochs([1.0] * 3, [0.6, 0.5, 0.9], [0.7] * 3, [0.7, 0.8, 0.62])
    run = builders.run(epochs=logs, test=Evaluation(accuracy=0.64, n=2000))
    g = measures.generalization(run)
    assert (g.drop, g.significant, g.epoch) == (None, None, None)
    assert any("Which epoch's model was tested" in note for note in diagnose(run).notes)
    last = {"last": Checkpoint(file="model/last.pt", epoch=3)}
    named = builders.run(epochs=logs, test=Evaluation(accuracy=0.64, n=2000, checkpoint="model/last.pt"), checkpoints=last)
    assert measures.generalization(named).drop == pytest.approx(-0.02)


def selected(seed: int, n: int, epochs: int, keep: bool) -> builders.Run:
    """Epochs of equal skill, the best chosen by its loss, and a test set from the same source: the true drop is 0."""
    rng = np.random.default_rng(seed)
    samples = builders.sample_epochs(rng, [1.0] * epochs, n=n)
    curve, accuracy = samples.loss.mean(axis=1), (samples.predicted == samples.label).mean(axis=1)
    fresh = builders.sample_epochs(rng, [1.0], n=n)
    test = Evaluation(n=n, accuracy=float((fresh.predicted[0] == fresh.label).mean()), epoch=int(curve.argmin()) + 1)
    return builders.run(
        epochs=builders.epochs(curve, curve, accuracy, accuracy), test=test, data=Data(counts={"val": {"a": n}}),
        val_epochs=samples if keep else None,
    )  # fmt: skip


@pytest.mark.parametrize("keep", [True, False])
@pytest.mark.parametrize(("n", "epochs"), [(150, 10), (300, 30)])
def test_false_significant_drops_under_selection(n: int, epochs: int, keep: bool) -> None:
    found = [measures.generalization(selected(seed, n, epochs, keep)) for seed in range(100)]
    assert sum(bool(g.significant) and g.drop > 0 for g in found) <= 6
    if keep:
        covered = [g.corrected_ci95[0] <= 0 <= g.corrected_ci95[1] for g in found]
        assert np.mean(covered) >= 0.92


def test_a_real_drop_is_still_seen() -> None:
    run = selected(0, 1000, 10, keep=True)
    worse = Evaluation(n=1000, accuracy=run.test.accuracy - 0.10, epoch=run.test.epoch)
    assert measures.generalization(replace(run, test=worse)).significant is True


def test_the_drop_of_averaged_predictions_is_from_the_same_averages() -> None:
    rng = np.random.default_rng(3)
    outcomes = {"val": builders.predictions(rng, 200), "test": builders.predictions(rng, 200)}
    samples = builders.sample_epochs(rng, [1.0, 1.2, 1.4], n=200)
    loss, accuracy = samples.loss.mean(axis=1), (samples.predicted == samples.label).mean(axis=1)
    plain = builders.run(
        epochs=builders.epochs(loss, loss, accuracy, accuracy),
        val_epochs=samples,
        predictions=outcomes,
        test=builders.evaluation(outcomes["test"], 4, epoch=3),
    )
    of_the_mean = float((outcomes["val"].predicted == outcomes["val"].label).mean())
    assert measures.generalization(plain).val_accuracy == accuracy[2] != of_the_mean
    for config in ({"tta": 2}, {"ensemble": 3}):
        run = replace(plain, config=config)
        g = measures.generalization(run)
        assert g.val_accuracy == of_the_mean
        assert (g.corrected_ci95, g.parts.selection) == (None, None)
        report = diagnose(run)
        (chart,) = (c for c in report.charts if c.id == "drop")
        assert chart.bars[0].low < of_the_mean < chart.bars[0].high  # type: ignore[union-attr,operator]
        (drop,) = (n for n in report.numbers if n.label == "Drop from validation to test")
        assert (drop.at or "").startswith("predictions/val.parquet")
        assert "what this file alone scores was not measured" in report.answers[1].detail
    unkept = replace(plain, config={"tta": 2}, predictions={"test": outcomes["test"]})
    assert measures.generalization(unkept).drop is None
    assert "alone" not in diagnose(replace(plain, config={"tta": 1, "ensemble": "yes"})).answers[1].detail
