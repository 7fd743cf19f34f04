"""Predictions of several runs on the samples that all have."""

from dataclasses import replace

import numpy as np
import pytest

from dermai_report.measures.stacked import stack
from tests import builders

OUTCOME = builders.predictions(np.random.default_rng(0), 40)


def shuffled(seed: int, kept: int = 40) -> object:
    """The same predictions in another order, of that many samples."""
    order = np.random.default_rng(seed).permutation(40)[:kept]
    return replace(
        OUTCOME,
        sample=[OUTCOME.sample[i] for i in order],
        label=OUTCOME.label[order],
        predicted=OUTCOME.predicted[order],
        probabilities=OUTCOME.probabilities[order],  # type: ignore[index]
        group=[f"patient {i // 2}" for i in order],
    )


def test_samples_are_brought_into_one_order_and_what_one_lacks_is_left_out() -> None:
    runs = [builders.run(predictions={"test": shuffled(1)}), builders.run(predictions={"test": shuffled(2, kept=30)})]
    stacked = stack(runs, "test")
    assert stacked is not None and len(stacked.sample) == 30
    assert (stacked.predicted[0] == stacked.predicted[1]).all() and (stacked.correct[0] == stacked.correct[1]).all()
    assert stacked.loss is not None and stacked.loss[0] == pytest.approx(stacked.loss[1])
    for row, run in zip(stacked.places, runs, strict=True):
        assert tuple(run.predictions["test"].sample[i] for i in row) == stacked.sample
    of = [int(name.removeprefix("img").removesuffix(".jpg")) // 2 for name in stacked.sample]
    assert stacked.codes is not None
    assert [[a == b for b in of] for a in of] == (stacked.codes[:, None] == stacked.codes).tolist()


@pytest.mark.parametrize(
    "other",
    [
        builders.run(),
        builders.run(predictions={"test": OUTCOME}, classes=("a", "b", "c", "d")),
        builders.run(predictions={"test": replace(OUTCOME, sample=[f"x{i}" for i in range(40)])}),
        builders.run(predictions={"test": replace(OUTCOME, sample=["same"] * 40)}),
        builders.run(predictions={"test": replace(OUTCOME, label=(OUTCOME.label + 1) % 4)}),
    ],
    ids=["no predictions", "other classes", "other samples", "one name", "other labels"],
)
def test_what_cannot_be_brought_together_is_not(other: object) -> None:
    assert stack([builders.run(predictions={"test": OUTCOME}), other], "test") is None  # type: ignore[list-item]
