"""What a network put out, as losses, classes and probabilities."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from dermai_report import DermaiError
from dermai_report.integrations._passes import Outputs, Pass, Tally, digest_of

LOGITS = np.random.default_rng(0).normal(size=(130, 3)).astype(np.float32)
LABELS = np.random.default_rng(1).integers(0, 3, 130)


def passed(outputs: object, labels: object = LABELS, n_classes: int = 3, kind: Outputs = "auto") -> Pass:
    outcome = Pass(n_classes, kind)
    outcome.add(outputs, labels)
    return outcome


def cross_entropy(outputs: torch.Tensor, labels: torch.Tensor) -> float:
    return float(torch.nn.functional.cross_entropy(outputs, labels))


def test_batches_add_up_to_torchs_own_mean() -> None:
    tally, kept = Tally(3), Pass(3)
    for start in range(0, len(LOGITS), 1):  # more batches than wait at once
        for outcome in (tally, kept):
            outcome.add(torch.tensor(LOGITS[start : start + 1], requires_grad=True), torch.tensor(LABELS[start : start + 1]))
    expected = cross_entropy(torch.tensor(LOGITS), torch.tensor(LABELS))
    for outcome in (tally, kept):
        assert outcome.metrics()["loss"] == pytest.approx(expected, rel=1e-6)
        assert outcome.metrics()["accuracy"] == (LOGITS.argmax(axis=1) == LABELS).mean()
    loss, predicted, label = kept.samples()
    assert loss.mean() == pytest.approx(expected, rel=1e-6)
    np.testing.assert_array_equal(predicted, LOGITS.argmax(axis=1))
    np.testing.assert_array_equal(label, LABELS)
    np.testing.assert_allclose(kept.probabilities, torch.tensor(LOGITS).softmax(dim=1), atol=1e-6)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_every_floating_type_is_read(dtype: torch.dtype) -> None:
    outputs = torch.tensor(LOGITS).to(dtype)
    expected = cross_entropy(outputs.float(), torch.tensor(LABELS))
    assert passed(outputs).metrics()["loss"] == pytest.approx(expected, rel=1e-5)


def test_probabilities_are_known_by_their_sums() -> None:
    soft = torch.tensor(LOGITS).softmax(dim=1)
    assert passed(soft).metrics()["loss"] == pytest.approx(passed(LOGITS).metrics()["loss"], rel=1e-5)
    assert passed(soft.half()).metrics()["loss"] == pytest.approx(passed(LOGITS).metrics()["loss"], rel=1e-2)
    assert passed(soft, kind="logits").metrics()["loss"] == pytest.approx(cross_entropy(soft, torch.tensor(LABELS)), rel=1e-5)


def test_a_sure_and_wrong_probability_costs_no_infinity() -> None:
    assert passed([[1.0, 0.0, 0.0]], [2]).metrics()["loss"] == pytest.approx(27.63, abs=0.01)


@pytest.mark.parametrize("shape", [(130,), (130, 1)])
def test_one_output_for_two_classes(shape: tuple[int, ...]) -> None:
    column, labels = torch.tensor(LOGITS[:, 0]), LABELS % 2
    expected = float(torch.nn.functional.binary_cross_entropy_with_logits(column, torch.tensor(labels).float()))
    assert passed(column.reshape(shape), labels, 2, "logits").metrics()["loss"] == pytest.approx(expected, rel=1e-6)
    assert passed(column.sigmoid().reshape(shape), labels, 2, "probabilities").metrics()["loss"] == pytest.approx(
        expected, rel=1e-5
    )
    with pytest.raises(DermaiError, match="one number for two classes"):
        passed(column.reshape(shape), labels, 2)


def test_labels_may_be_shares_of_classes() -> None:
    shares = torch.nn.functional.one_hot(torch.tensor(LABELS), 3)
    assert passed(LOGITS, shares).metrics() == passed(LOGITS).metrics()
    smooth = shares * 0.9 + 0.1 / 3
    assert passed(LOGITS, smooth).metrics()["loss"] == pytest.approx(cross_entropy(torch.tensor(LOGITS), smooth), rel=1e-6)
    assert passed(LOGITS, LABELS[:, None]).metrics() == passed(LOGITS).metrics()


def test_a_training_that_diverged_is_read() -> None:
    outputs = np.full((4, 3), np.nan)
    assert np.isnan(passed(outputs, [0, 1, 2, 0]).metrics()["loss"])


@pytest.mark.parametrize(
    ("outputs", "labels", "words"),
    [
        (LOGITS[:, :2], LABELS, "shape (130, 2) for 3 classes"),
        (LOGITS, LABELS[:7], "130 outputs and 7 labels"),
        (LOGITS, LABELS + 1, "labels run from 1 to 3"),
        (["a"], [0], "outputs is no array of numbers"),
    ],
)
def test_what_does_not_fit_is_said_with_the_first_batch(outputs: object, labels: object, words: str) -> None:
    with pytest.raises(DermaiError) as caught:
        Tally(3).add(outputs, labels)
    assert words in caught.value.message


def test_a_pass_over_nothing() -> None:
    assert Tally(3).metrics() == {}
    with pytest.raises(DermaiError, match="saw no sample"):
        Pass(3).samples()


def test_the_digest_is_of_names_shapes_and_values() -> None:
    weights = {"a": torch.arange(6.0).reshape(2, 3), "n": torch.tensor(3)}
    assert digest_of(weights.items()) == digest_of([("a", np.arange(6, dtype=np.float32).reshape(2, 3)), ("n", np.int64(3))])
    for other in ({**weights, "n": torch.tensor(4)}, {"b": weights["a"], "n": weights["n"]}, {**weights, "a": weights["a"].T}):
        assert digest_of(weights.items()) != digest_of(other.items())
