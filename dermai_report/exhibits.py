"""The charts and tables of a report, as data, from a run and its measures."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from dermai_report import measures, wording
from dermai_report.measures.intervals import wilson
from dermai_report.report import (
    Bar,
    BestEpoch,
    Cell,
    Chart,
    Generalization,
    IntervalChart,
    LineChart,
    Mark,
    MatrixChart,
    Role,
    Series,
    Table,
    TestScores,
)
from dermai_report.run import Run
from dermai_report.subgroup_table import subgroup_table

NO_GAP = {True: "The gap does not stay above its noise.", False: "Too few epochs to tell a gap from noise."}
SPLITS: tuple[tuple[Role, str], ...] = (("train", "Training"), ("val", "Validation"))


def charts(run: Run) -> list[Chart]:
    """Every chart that the run's facts allow."""
    return [c for c in (*_curves(run), *_gap(run), *_drop(run), *_test(run)) if c is not None]


def tables(run: Run) -> list[Table]:
    """The epochs, the test scores of each class and subgroup, and the data set, as far as known."""
    return [t for t in (_epoch_table(run), _class_table(run), subgroup_table(run), _data_table(run)) if t is not None]


def _curves(run: Run) -> Iterator[Chart]:
    best, found = measures.best_epoch(run), measures.overfitting(run)
    marks = [] if best is None else [Mark(best.epoch, f"best: epoch {best.epoch}")]
    rising = []
    if found.overfit and found.onset_epoch is not None:
        low, high = found.onset_ci90 or (found.onset_epoch, found.onset_epoch)
        rising = [Mark(low, f"onset: epoch {found.onset_epoch}", until=high if high > low else None)]
    if best is not None:
        rising += _as_good(best)
    if run.has("val", "loss") or run.has("train", "loss"):
        caption = "No validation loss was logged."
        if best is not None and best.val_loss is not None:
            caption = f"The validation loss is lowest at epoch {best.epoch} ({wording.nats(best.val_loss)})."
            if run.epochs[-1].epoch != best.epoch:
                caption += f" The last epoch has {wording.nats(run.epochs[-1].val.get('loss'))}."
        yield LineChart(
            "loss", "Loss by epoch", caption, "Epoch", "Loss (nats)", "nats", _split_series(run, "loss"), [*marks, *rising]
        )
    if run.has("val", "accuracy") or run.has("train", "accuracy"):
        caption = "No validation accuracy was logged."
        if best is not None and best.by_val_accuracy is not None:
            top = best.by_val_accuracy
            caption = f"The validation accuracy is highest at epoch {top.epoch} ({wording.percent(top.val_accuracy)})."
        series = _split_series(run, "accuracy")
        yield LineChart("accuracy", "Accuracy by epoch", caption, "Epoch", "Accuracy", "percent", series, marks)


def _as_good(best: BestEpoch) -> list[Mark]:
    """Bands over the epochs that the data cannot tell from the best; the first band carries the words."""
    spans = wording.runs([best.epoch, *best.indistinguishable]) if best.indistinguishable else []
    return [Mark(a - 0.5, "" if i else "as good, as far as can be told", until=b + 0.5) for i, (a, b) in enumerate(spans)]


def _split_series(run: Run, name: str) -> list[Series]:
    """Training and validation by epoch; validation accuracy with its binomial band where n is known."""
    x = [float(e.epoch) for e in run.epochs]
    series = []
    for split, label in SPLITS:
        if not run.has(split, name):
            continue
        y = [_finite(v) for v in run.series(split, name)]
        n = run.count("val") if split == "val" and name == "accuracy" else None
        bands = [wilson(v * n, n) if v is not None and n else (None, None) for v in y]
        low, high = ([b[0] for b in bands], [b[1] for b in bands]) if n else (None, None)
        series.append(Series(label, split, x, y, low, high))
        honest = f"eval_{name}"
        if split == "train" and run.has("train", honest):
            measured = [_finite(v) for v in run.series("train", honest)]
            series.append(Series("Training, evaluation mode", "neutral", x, measured))
    return series


def _gap(run: Run) -> Iterator[Chart]:
    gap = measures.gap(run)
    if gap is None:
        return
    by_accuracy = any(v is not None for v in gap.accuracy)
    values = gap.accuracy if by_accuracy else gap.loss
    name = "accuracy" if by_accuracy else "loss"
    since = gap.accuracy_onset_epoch if by_accuracy else gap.loss_onset_epoch
    caption = f"The {name} gap stays above its noise from epoch {since} on." if since else NO_GAP[len(run.epochs) >= 5]
    yield LineChart(
        "gap",
        "Gap between training and validation",
        caption,
        "Epoch",
        "Training minus validation accuracy" if by_accuracy else "Validation minus training loss (nats)",
        "points" if by_accuracy else "nats",
        [Series("Gap", "neutral", [float(e.epoch) for e in run.epochs], values)],
        [Mark(since, f"from epoch {since}")] if since else [],
    )


def _drop(run: Run) -> Iterator[Chart]:
    g = measures.generalization(run)
    if g.val_accuracy is None or g.test_accuracy is None:
        return
    bars = []
    for label, value, n in (("Validation", g.val_accuracy, g.n_val), ("Test", g.test_accuracy, g.n_test)):
        low, high = wilson(value * n, n) if n else (None, None)
        bars.append(Bar(label, value, low, high, n))
    caption = f"From validation to test: {wording.points(g.drop)}"
    if g.drop_ci95 is not None:
        caption += f" (95 % interval {wording.points_interval(g.drop_ci95)})."
    else:
        caption += "; without sample counts there is no interval."
    yield IntervalChart("drop", "Accuracy on validation and on test", caption, "Accuracy", "percent", bars)
    yield from _anatomy(g)


def _anatomy(g: Generalization) -> Iterator[Chart]:
    """What the drop is made of, where at least one part is known."""
    parts = (
        ("Drop as measured", g.drop, g.drop_ci95),
        ("by choosing the epoch", g.parts.selection, None),
        ("by the mix of classes", g.parts.label_shift, g.label_shift_ci95),
        ("the rest, with chance", g.parts.unexplained, None),
        ("Drop less the choice", g.corrected_drop, g.corrected_ci95),
    )
    if g.parts.unexplained is None:
        return
    bars = [Bar(label, value, *(ci or (None, None))) for label, value, ci in parts if value is not None]
    words = {
        True: "More is left than choosing and sampling explain.",
        False: "Choosing and sampling can explain all of it.",
        None: "Whether more is left than chance cannot be told.",
    }
    yield IntervalChart(
        "anatomy", "What the drop is made of", words[g.significant], "Difference in accuracy", "points", bars, 0.0, "no drop"
    )


def _test(run: Run) -> Iterator[Chart]:
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
    return MatrixChart(
        "confusion", "Confusion matrix", caption, "True class", "Predicted class", list(run.classes), counts.tolist()
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


def _epoch_table(run: Run) -> Table | None:
    if not run.epochs:
        return None
    gap = measures.gap(run)
    rows = []
    for i, e in enumerate(run.epochs):
        rows.append(
            [
                Cell(e.epoch, "epoch"),
                Cell(_finite(e.train.get("loss")), "nats"),
                Cell(_finite(e.val.get("loss")), "nats"),
                Cell(e.train.get("accuracy"), "percent"),
                Cell(e.val.get("accuracy"), "percent"),
                Cell(gap.accuracy[i] if gap else None, "points"),
                Cell(e.lr[0] if e.lr else None, "plain"),
                Cell(e.seconds, "seconds"),
            ]
        )
    columns = [
        "Epoch",
        "Training loss",
        "Validation loss",
        "Training accuracy",
        "Validation accuracy",
        "Accuracy gap",
        "Learning rate",
        "Time",
    ]
    kept = [c for c in range(len(columns)) if c == 0 or any(row[c].value is not None for row in rows)]
    return Table("epochs", "Epochs", [columns[c] for c in kept], [[row[c] for c in kept] for row in rows])


def _class_table(run: Run) -> Table | None:
    scores = measures.test_scores(run)
    if scores is None or not scores.per_class:
        return None
    rows = [
        [
            Cell(c.class_name),
            Cell(c.n, "count"),
            Cell(c.precision, "percent", c.precision_ci95),
            Cell(c.recall, "percent", c.recall_ci95),
            Cell(c.specificity, "percent", c.specificity_ci95),
            Cell(c.f1, "percent", c.f1_ci95),
            Cell(c.auroc, "plain", c.auroc_ci95),
            Cell(c.average_precision, "plain", c.average_precision_ci95),
        ]
        for c in scores.per_class
    ]
    columns = ["Class", "n", "Precision", "Recall (sensitivity)", "Specificity", "F1", "AUROC", "Average precision"]
    return Table("classes", "Test scores of each class", columns, rows, "95 % intervals; n is the number of test samples.")


def _data_table(run: Run) -> Table | None:
    counts = run.data.counts
    if not counts:
        return None
    splits = [s for s in ("train", "val", "test") if s in counts] + sorted(set(counts) - {"train", "val", "test"})
    names = list(run.classes) or sorted({c for split in counts.values() for c in split})
    rows = [[Cell(name), *(Cell(counts[s].get(name, 0), "count") for s in splits)] for name in names]
    rows.append([Cell("All"), *(Cell(sum(counts[s].values()), "count") for s in splits)])
    return Table("data", "Images of each class", ["Class", *splits], rows)


def _finite(value: float | None) -> float | None:
    return value if value is not None and np.isfinite(value) else None
