"""scikit-learn: the loop over epochs for an estimator with partial_fit.

best = train(SGDClassifier(loss="log_loss"), run, (x_train, y_train), (x_val, y_val), test=(x_test, y_test), epochs=20)
"""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from dermai_report.errors import DermaiError
from dermai_report.integrations._frameworks import needs
from dermai_report.integrations._passes import Pass
from dermai_report.integrations._recorder import Recorder
from dermai_report.storage.run_directory import RunWriter

with needs("sklearn", "scikit-learn"):
    from sklearn.utils import gen_batches

Labelled = tuple[Any, Any]


def train(
    estimator: Any,
    run: RunWriter,
    training: Labelled,
    validation: Labelled,
    *,
    test: Labelled | None = None,
    epochs: int = 10,
    batch_size: int = 32,
    seed: int = 0,
    **options: Any,
) -> Any:
    """Train an estimator with partial_fit, log every epoch, and return a copy of it as it was after the best one.

    training, validation, test: (features (n, m), labels (n,) class indices). The order of the batches is drawn from the seed.
    The training's loss and accuracy are measured after the epoch, by another pass. The best epoch, the one with the lowest
    validation loss, is what is tested. options: samples and groups of Recorder. Raises DermaiError for an estimator that
    cannot be trained so, or gives no probabilities.
    """
    for method, hint in (
        ("partial_fit", "such as SGDClassifier or MLPClassifier"),
        ("predict_proba", 'as loss="log_loss" gives'),
    ):
        if not hasattr(estimator, method):
            raise DermaiError(f"{type(estimator).__name__} has no {method}", f"take an estimator with it, {hint}")
    recorder = Recorder(run, outputs="probabilities", **options)
    features, labels = training[0], np.asarray(training[1])
    shuffled, lowest, best = np.random.default_rng(seed), float("inf"), (0, estimator)
    for epoch in range(1, epochs + 1):
        order = shuffled.permutation(len(labels))
        for batch in gen_batches(len(labels), batch_size):
            chosen = order[batch]
            estimator.partial_fit(features[chosen], labels[chosen], classes=np.arange(len(run.classes)))
        fit, val = (_evaluate(estimator, recorder, split) for split in (training, validation))
        measured = fit.metrics()
        after = {f"eval_{name}": value for name, value in measured.items()}
        recorder.log_epoch(train={**measured, **after}, val=val, weights=str(epoch))
        if val.metrics()["loss"] < lowest:
            lowest, best = val.metrics()["loss"], (epoch, copy.deepcopy(estimator))
    if test is not None:
        recorder.log_test(_evaluate(best[1], recorder, test), weights=str(best[0]))
    return best[1]


def _evaluate(estimator: Any, recorder: Recorder, split: Labelled) -> Pass:
    outcome = recorder.new_pass()
    outcome.add(estimator.predict_proba(split[0]), split[1])
    return outcome
