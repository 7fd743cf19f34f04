"""The numbers of the chosen epoch hold the truth in spite of the choice."""

import numpy as np
import pytest

from dermai_report import measures, summary
from dermai_report.measures.chosen import chosen_accuracy, chosen_loss, luckiest
from dermai_report.measures.intervals import mean_interval, wilson
from dermai_report.run import Data, Predictions, SampleEpochs
from tests import builders


def test_one_epoch_is_no_choice() -> None:
    losses = np.random.default_rng(0).exponential(size=200)
    assert chosen_accuracy(0.9, 200, 1) == wilson(180, 200)
    assert chosen_loss(losses, losses < 2, 1) == pytest.approx(mean_interval(losses))


def test_a_choice_widens_the_flattered_side_alone() -> None:
    losses = np.random.default_rng(0).exponential(size=200)
    (low, high), (plain_low, plain_high) = chosen_accuracy(0.9, 200, 10), wilson(180, 200)
    assert low < plain_low - 0.01
    assert high == plain_high
    chosen, plain = chosen_loss(losses, losses < 2, 10), mean_interval(losses)
    assert chosen is not None and plain is not None
    assert chosen[0] == plain[0]
    assert chosen[1] - losses.mean() == pytest.approx((plain[1] - losses.mean()) * 2.806 / 1.96, rel=1e-3)


@pytest.mark.parametrize("epochs", [2, 10, 60])
def test_the_luckiest_of_independent_epochs(epochs: int) -> None:
    """The highest of so many normals, all of mean 0, lies below the limit 97.5 times in 100."""
    highest = np.random.default_rng(1).normal(size=(20_000, epochs)).max(axis=1)
    assert (highest < luckiest(epochs)).mean() == pytest.approx(0.975, abs=0.004)


def test_accuracies_alone_cover_when_the_highest_of_equal_epochs_is_chosen() -> None:
    """Twenty epochs, each on a validation set of its own, as far from one another as epochs can be; Wilson's interval fails them."""
    rng, held = np.random.default_rng(2), [0, 0]
    for _ in range(400):
        accuracies = rng.binomial(300, 0.85, 20) / 300
        run = builders.run(epochs=builders.epochs([], [], [], accuracies.tolist()), data=Data(counts={"val": {"a": 300}}))
        best = measures.best_epoch(run)
        assert best is not None and best.val_accuracy_ci95 is not None
        for i, (low, high) in enumerate((wilson(accuracies.max() * 300, 300), best.val_accuracy_ci95)):
            held[i] += low <= 0.85 <= high
    assert held[0] / 400 < 0.75
    assert 0.93 <= held[1] / 400 <= 0.99


def test_the_errors_of_one_patient_are_one() -> None:
    losses, codes = np.random.default_rng(0).exponential(size=240), np.repeat(np.arange(40), 6)
    assert chosen_loss(losses, codes >= 4, 3) is not None
    assert chosen_loss(losses, codes >= 4, 3, codes) is None
    assert chosen_loss(losses, codes >= 5, 3, codes) is not None


def test_patients_are_counted_where_the_chosen_epoch_alone_was_kept() -> None:
    right = np.repeat(np.arange(50) % 5 > 0, 6)
    label = np.arange(300, dtype=np.int32) % 4
    val = Predictions(
        sample=[str(i) for i in range(300)], label=label, predicted=np.where(right, label, (label + 1) % 4),
        group=[str(i // 6) for i in range(300)],
    )  # fmt: skip
    run = builders.run(epochs=builders.epochs([], [], [], [0.3, 0.8, 0.4]), predictions={"val": val})
    best = measures.best_epoch(run)
    assert best is not None and best.val_accuracy_ci95 is not None
    low, high = best.val_accuracy_ci95
    assert high - low == pytest.approx(np.diff(wilson(0.8 * 50, 50))[0], rel=0.05)


def test_patients_are_counted_and_the_page_says_what_the_interval_allows_for() -> None:
    samples = builders.sample_epochs(np.random.default_rng(4), [1.2] * 8, n=40)
    copied = SampleEpochs(
        epochs=samples.epochs,
        loss=np.repeat(samples.loss, 6, axis=1),
        predicted=np.repeat(samples.predicted, 6, axis=1),
        label=np.repeat(samples.label, 6),
    )
    spans = []
    for one, group in ((samples, None), (copied, np.repeat(np.arange(40), 6)), (copied, None)):
        n, loss = len(one.label), one.loss.mean(axis=1)
        right = (one.predicted == one.label).mean(axis=1)
        best = int(loss.argmin())
        val = Predictions(
            sample=[str(i) for i in range(n)], label=one.label, predicted=one.predicted[best],
            group=None if group is None else [str(g) for g in group],
        )  # fmt: skip
        run = builders.run(
            epochs=builders.epochs(loss, loss, right, right), val_epochs=one, predictions={"val": val},
            data=Data(counts={"val": {"a": n}}),
        )  # fmt: skip
        shown = {number.label: number for number in summary.key_numbers(run)}["Validation accuracy, best epoch"]
        assert "allows for the choice among" in shown.note
        assert shown.ci95 is not None
        spans.append(shown.ci95[1] - shown.ci95[0])
    assert spans[1] == pytest.approx(spans[0], rel=0.15)
    assert spans[2] < 0.6 * spans[0]
