"""The drop from validation to test, and what it is made of."""

from __future__ import annotations

from collections.abc import Iterator

from dermai_report import measures, wording
from dermai_report.measures.groups import split_size
from dermai_report.measures.intervals import wilson
from dermai_report.report import (
    Bar,
    Chart,
    Generalization,
    Interval,
    IntervalChart,
)
from dermai_report.run import Run


def drop_charts(run: Run) -> Iterator[Chart]:
    """Both accuracies with their intervals, then the parts of the drop where at least one is known."""
    g = measures.generalization(run)
    if g.val_accuracy is None or g.test_accuracy is None:
        return
    scores = measures.test_scores(run)
    spans = (_validated(run, g), scores.accuracy_ci95 if scores else None)
    bars = []
    for label, value, span, n in zip(
        ("Validation", "Test"), (g.val_accuracy, g.test_accuracy), spans, (g.n_val, g.n_test), strict=True
    ):
        low, high = span or (None, None)
        bars.append(Bar(label, value, low, high, n))
    caption = f"From validation to test: {wording.points(g.drop)}"
    if g.drop_ci95 is not None:
        caption += f" (95 % interval {wording.points_interval(g.drop_ci95)})."
    else:
        caption += "; without sample counts there is no interval."
    yield IntervalChart("drop", "Accuracy on validation and on test", caption, "Accuracy", "percent", bars)
    yield from _anatomy(g)


def _validated(run: Run, g: Generalization) -> Interval | None:
    """The interval of the validation accuracy: as the report prints it beside the best epoch, where it is that one's."""
    best = measures.best_epoch(run)
    if best is not None and best.epoch == g.epoch and not measures.averaged(run):
        return best.val_accuracy_ci95
    n = split_size(run, "val")
    return wilson(g.val_accuracy * n, n) if g.val_accuracy is not None and n else None


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
        "anatomy",
        "What the drop is made of",
        words[g.significant],
        "Difference in accuracy (points)",
        "points",
        bars,
        0.0,
        "no drop",
    )
