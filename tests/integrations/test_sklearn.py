"""The adapter for scikit-learn, with the real framework."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dermai_report import DermaiError, RunWriter, read_run
from tests.integrations.examples import check_full, run_example

FRAMEWORK = "sklearn"


def test_example() -> None:
    run, names = run_example("scikit-learn")
    check_full(run, names)


def test_the_best_epoch_is_returned_and_tested(tmp_path: Path) -> None:
    from sklearn.linear_model import SGDClassifier

    from dermai_report.integrations.sklearn import train

    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(300, 5)), rng.integers(0, 2, 300)  # nothing to learn: the loss grows from some epoch on
    parts = [(x[i : i + 100], y[i : i + 100]) for i in (0, 100, 200)]
    model = SGDClassifier(loss="log_loss", alpha=0, learning_rate="constant", eta0=0.5, random_state=0)
    with RunWriter(tmp_path, classes=["a", "b"]) as run:
        best = train(model, run, parts[0], parts[1], test=parts[2], epochs=6)
    read = read_run(run.path)
    lowest = min(read.epochs, key=lambda e: e.val["loss"])
    assert lowest.epoch < 6 and read.test is not None and read.test.epoch == lowest.epoch
    assert best.score(*parts[1]) == pytest.approx(lowest.val["accuracy"])
    np.testing.assert_allclose(read.predictions["test"].probabilities, best.predict_proba(parts[2][0]), atol=1e-6)
    assert all(e.train["loss"] == e.train["eval_loss"] for e in read.epochs)


def test_an_estimator_that_cannot_be_trained_so(tmp_path: Path) -> None:
    from sklearn.linear_model import LogisticRegression, SGDClassifier

    from dermai_report.integrations.sklearn import train

    nothing = (np.zeros((2, 1)), [0, 1])
    with RunWriter(tmp_path, classes=["a", "b"]) as run:
        for estimator, words in ((LogisticRegression(), "no partial_fit"), (SGDClassifier(), "no predict_proba")):
            with pytest.raises(DermaiError, match=words):
                train(estimator, run, nothing, nothing)
