"""A run as if it knew some of its classes only: what two runs with different classes can be compared on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from dermai_report.run import Evaluation, Predictions, Run
from dermai_report.storage.prediction_files import evaluate

OTHER = "(another class)"


def only(run: Run, classes: Sequence[str]) -> Run:
    """The run with these of its classes, in this order; samples of the others are left out of its predictions and its test.

    Where probabilities are known the prediction is the likeliest of `classes`, and their probabilities are scaled to add up to
    1. Where only decisions are known, one for a class outside stays an error: the class OTHER, after the rest. Epochs stay
    as they were logged, over all classes; a test of which neither predictions nor counts are known is dropped.
    """
    if tuple(classes) == run.classes:
        return run
    if not classes:
        return replace(run, classes=(), predictions={}, test=None)
    number = np.full(len(run.classes), len(classes))
    number[[run.classes.index(name) for name in classes]] = np.arange(len(classes))
    predictions = {split: _only(outcome, number, len(classes)) for split, outcome in run.predictions.items()}
    names = (*classes, OTHER) if (number == len(classes)).any() else tuple(classes)
    test = _test(run, predictions.get("test"), number, len(classes), len(names))
    return replace(run, classes=names, predictions=predictions, test=test)


def _only(outcome: Predictions, number: np.ndarray, k: int) -> Predictions:
    label, predicted, table = number[outcome.label], number[outcome.predicted], outcome.probabilities
    kept = label < k
    if table is not None:
        table = table[kept][:, np.argsort(number, kind="stable")[:k]]
        total = table.sum(axis=1, keepdims=True)
        table = np.divide(table, total, out=np.full_like(table, 1 / k), where=total > 0)
        predicted = table.argmax(axis=1)
        if (number == k).any():
            table = np.column_stack([table, np.zeros(len(table), table.dtype)])
    else:
        predicted = predicted[kept]
    return replace(
        outcome,
        sample=_kept(outcome.sample, kept),
        label=label[kept].astype(np.int32),
        predicted=predicted.astype(np.int32),
        probabilities=table,
        group=None if outcome.group is None else _kept(outcome.group, kept),
        columns={name: _kept(values, kept) for name, values in outcome.columns.items()},
    )


def _kept(values: Sequence[str], kept: np.ndarray) -> list[str]:
    return [value for value, keep in zip(values, kept.tolist(), strict=True) if keep]


def _test(run: Run, outcome: Predictions | None, number: np.ndarray, shared: int, k: int) -> Evaluation | None:
    if run.test is None:
        return None
    facts = {name: getattr(run.test, name) for name in ("checkpoint", "epoch", "sha256")}
    if outcome is not None:
        return evaluate(outcome, n_classes=k, loss=None, **facts)
    if run.test.confusion is None:
        return None
    counts = np.zeros((k, k), dtype=np.int64)
    np.add.at(counts, (number[:, None], number[None, :]), np.array(run.test.confusion))
    counts[shared:] = 0
    n = int(counts.sum())
    return Evaluation(n=n, accuracy=int(np.trace(counts)) / n if n else None, confusion=counts.tolist(), **facts)
