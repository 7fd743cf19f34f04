"""Suspected labels: planted ones are found, clean sets raise no alarm."""

from dataclasses import replace

import numpy as np
import pytest

from dermai_report.measures.label_noise import expected_suspects, suspected_labels
from tests import builders


def planted(seed: int, share: float) -> tuple[builders.Predictions, np.ndarray]:
    rng = np.random.default_rng(seed)
    outcome = builders.predictions(rng, 1500, skill=2.5)
    wrong = rng.random(1500) < share
    return replace(outcome, label=np.where(wrong, (outcome.label + 1) % 4, outcome.label).astype(np.int32)), wrong


@pytest.mark.parametrize("seed", range(3))
def test_planted_errors_come_first(seed: int) -> None:
    outcome, wrong = planted(seed, 0.05)
    found = suspected_labels(outcome.label, outcome.probabilities)
    first = found.place[: int(wrong.sum())]
    assert wrong[first].mean() > 0.6  # of all samples, one in twenty is
    true = (outcome.label - 1) % 4
    assert (found.suggested[wrong[found.place]] == true[found.place][wrong[found.place]]).mean() > 0.95


def test_clean_sets_stay_within_what_is_expected() -> None:
    excess = []
    for seed in range(30):
        outcome, _ = planted(seed, 0.0)
        expected = expected_suspects(outcome.label, outcome.probabilities)
        excess.append((len(suspected_labels(outcome.label, outcome.probabilities).place) - expected) / max(expected, 1) ** 0.5)
    assert np.mean(np.array(excess) > 3) <= 0.04


def test_agrees_with_cleanlab() -> None:
    """The same samples as the library's own filter, but for its rounding of thresholds and calibration of counts."""
    cleanlab = pytest.importorskip("cleanlab.filter")
    outcome, _ = planted(7, 0.08)
    p = outcome.probabilities.astype(np.float64)
    theirs = set(np.flatnonzero(cleanlab.find_label_issues(outcome.label, p, filter_by="confident_learning", n_jobs=1)))
    ours = set(suspected_labels(outcome.label, outcome.probabilities).place.tolist())
    assert len(ours & theirs) / len(ours | theirs) > 0.97


def test_a_class_without_samples() -> None:
    p = np.array([[0.5, 0.3, 0.2], [0.2, 0.7, 0.1]], np.float32)
    assert len(suspected_labels(np.array([0, 1]), p).place) == 0
