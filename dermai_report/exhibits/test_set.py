"""The test set: who is taken for whom, the recall of each class, and whether the probabilities can be believed."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from dermai_report import measures, wording
from dermai_report.measures.intervals import wilson
from dermai_report.report import (
    Bar,
    Chart,
    IntervalChart,
    LineChart,
    MatrixChart,
    Series,
    TestScores,
)
from dermai_report.run import Run


def test_charts(run: Run) -> Iterator[Chart]:
    """What the confusion counts and the probabilities of the test set allow."""
    scores, bins = measures.test_scores(run), measures.reliability(run)
    if scores is not None and scores.confusion is not None:
        yield _matrix(run, scores)
        yield _recalls(scores)
    if bins is not None and scores is not None and scores.calibration is not None:
        c = scores.calibration
        spans = [wilson(a * n, n) for a, n in zip(bins.accuracy, bins.n, strict=True)]
        yield LineChart(
            "reliability",
            "Can the probabilities be believed?",
            f"Expected calibration error {wording.points(c.ece, 1)}; chance alone would show up to "
            f"{wording.points(c.ece_by_chance, 1)}.",
            "Mean confidence",
            "Accuracy",
            "percent",
            [
                Series("Perfectly calibrated", "reference", [0.0, 1.0], [0.0, 1.0]),
                Series(
                    "Test, bins of equal size",
                    "test",
                    bins.confidence.tolist(),
                    bins.accuracy.tolist(),
                    [s[0] for s in spans],
                    [s[1] for s in spans],
                ),
            ],
            square=True,
        )


def _matrix(run: Run, scores: TestScores) -> Chart:
    counts = np.array(scores.confusion)
    off = counts.copy()
    np.fill_diagonal(off, 0)
    caption = f"{int(np.trace(counts)):,} of {int(counts.sum()):,} test samples are on the diagonal."
    if off.max() > 0:
        true, called = np.unravel_index(int(off.argmax()), off.shape)
        caption += (
            f" The most frequent error: {run.classes[true]} taken for {run.classes[called]} "
            f"({off[true, called]} of {counts[true].sum()})."
        )
    rows = counts.sum(axis=1, keepdims=True)
    shares = [
        [float(v) if n else None for v in row]
        for row, n in zip(np.round(counts / np.maximum(rows, 1), 6), rows[:, 0], strict=True)
    ]
    return MatrixChart(
        "confusion", "Confusion matrix", caption, "True class", "Predicted class", list(run.classes), counts.tolist(), shares
    )


def _recalls(scores: TestScores) -> Chart:
    bars = []
    for c in scores.per_class:
        low, high = c.recall_ci95 or (None, None)
        bars.append(Bar(c.class_name, c.recall, low, high, c.n))
    known = [b for b in bars if b.value is not None]
    caption = "No class has test samples."
    if known:
        worst = min(known, key=lambda b: b.value or 0.0)
        caption = f"The lowest recall is that of {worst.label}: {wording.percent(worst.value, 1)}"
        if worst.low is not None and worst.high is not None:
            caption += f" (95 % interval {wording.percent_interval((worst.low, worst.high))}, n {worst.n})"
        caption += "."
    return IntervalChart(
        "recall",
        "Recall of each class",
        caption,
        "Recall (sensitivity)",
        "percent",
        bars,
        scores.balanced_accuracy,
        "mean recall (balanced accuracy)",
    )
