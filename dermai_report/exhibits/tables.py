"""The epochs, the test scores of each class, and the data set."""

from __future__ import annotations

from dermai_report import measures
from dermai_report.exhibits.known import known
from dermai_report.report import (
    Cell,
    Table,
)
from dermai_report.run import Run


def epoch_table(run: Run) -> Table | None:
    """What was logged of each epoch; columns without a value are left out."""
    if not run.epochs:
        return None
    gap = measures.gap(run)
    rows = []
    for i, e in enumerate(run.epochs):
        rows.append(
            [
                Cell(e.epoch, "epoch"),
                Cell(known(e.train.get("loss")), "nats"),
                Cell(known(e.val.get("loss")), "nats"),
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


def class_table(run: Run) -> Table | None:
    """The scores of each class with their intervals."""
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


def data_table(run: Run) -> Table | None:
    """How many images of each class each split has."""
    counts = run.data.counts
    if not counts:
        return None
    splits = [s for s in ("train", "val", "test") if s in counts] + sorted(set(counts) - {"train", "val", "test"})
    names = list(run.classes) or sorted({c for split in counts.values() for c in split})
    rows = [[Cell(name), *(Cell(counts[s].get(name, 0), "count") for s in splits)] for name in names]
    rows.append([Cell("All"), *(Cell(sum(counts[s].values()), "count") for s in splits)])
    return Table("data", "Images of each class", ["Class", *splits], rows)
