"""The gap between training and validation by epoch."""

from __future__ import annotations

from collections.abc import Iterator

from dermai_report import measures
from dermai_report.report import (
    Chart,
    LineChart,
    Mark,
    Series,
)
from dermai_report.run import Run

NO_GAP = {True: "The gap does not stay above its noise.", False: "Too few epochs to tell a gap from noise."}


def gap_curve(run: Run) -> Iterator[Chart]:
    """The gap of the accuracy, or of the loss where no accuracy was logged."""
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
        "Training minus validation accuracy (points)" if by_accuracy else "Validation minus training loss (nats)",
        "points" if by_accuracy else "nats",
        [Series("Gap", "neutral", [float(e.epoch) for e in run.epochs], values)],
        [Mark(since, f"from epoch {since}")] if since else [],
    )
