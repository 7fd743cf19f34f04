"""The drop from validation to test, and what it is made of."""

from __future__ import annotations

from collections.abc import Iterator

from dermai_report import measures, wording
from dermai_report.measures.intervals import wilson
from dermai_report.report import (
    Bar,
    Chart,
    Generalization,
    IntervalChart,
)
from dermai_report.run import Run


def drop_charts(run: Run) -> Iterator[Chart]:
    """Both accuracies with their intervals, then the parts of the drop where at least one is known."""
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
        "anatomy",
        "What the drop is made of",
        words[g.significant],
        "Difference in accuracy (points)",
        "points",
        bars,
        0.0,
        "no drop",
    )
