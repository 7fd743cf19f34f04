"""The charts and tables of an experiment, as data."""

from __future__ import annotations

from collections.abc import Sequence

from dermai_report import wording
from dermai_report.experiment.folds import OutOfFold
from dermai_report.experiment.words import Shown
from dermai_report.report import Bar, Cell, Chart, Effect, Interval, IntervalChart, Table, TrialFacts, Unit

MOST_SUSPECTS = 50


def of_effects(found: Sequence[Effect]) -> list[Chart]:
    """The effects with their intervals, on the loss and on the accuracy."""
    losses = [_bar(e.name, e.loss, e.loss_ci95, e.n) for e in found if e.loss is not None]
    gains = [_bar(e.name, e.accuracy, e.accuracy_ci95, e.n) for e in found]
    charts = [_effects("loss", "Left", "nats", losses), _effects("accuracy", "Right", "points", gains)]
    return [chart for chart in charts if chart.bars]


def _effects(score: str, better: str, unit: Unit, bars: list[Bar]) -> IntervalChart:
    return IntervalChart(
        id=f"effect-{score}",
        title=f"Effect on the test {score}",
        caption=f"{better} of the line is better. 95 % intervals over seeds and test images.",
        x_label=f"Difference in test {score} ({unit})",
        unit=unit,
        bars=bars,
        reference=0.0,
        reference_label="baseline",
    )


def effect_table(found: Sequence[Effect]) -> Table:
    """A row an effect, the largest first."""
    verdict = {"helps": "helps", "hurts": "hurts", "unknown": "cannot be told"}
    rows = [
        [
            Cell(e.name),
            Cell(e.expected, "count"),
            Cell(e.loss, "nats", e.loss_ci95),
            Cell(e.accuracy, "points", e.accuracy_ci95),
            Cell(verdict[e.verdict]),
            Cell(wording.p_value(e.p_adjusted) if e.p_adjusted is not None else None),
            Cell(e.seconds, "seconds"),
            Cell(e.seeds, "count"),
        ]
        for e in found
    ]
    columns = ["What was changed", "Recommended as", "Test loss", "Test accuracy", "Verdict", "p (Holm)", "Extra time", "Seeds"]
    if all(e.expected is None for e in found):  # nothing was recommended alone
        place = columns.index("Recommended as")
        columns, rows = columns[:place] + columns[place + 1 :], [row[:place] + row[place + 1 :] for row in rows]
    return Table("effects", "What each change did", columns, rows)


def of_folds(facts: Sequence[TrialFacts], shown: Shown) -> list[Chart]:
    """The scores of all trials beside their mean."""
    scored = [f for f in facts if f.status == "finished" and f.val_accuracy is not None]
    if not scored or shown.validation is None:
        return []
    mean = shown.validation
    bars = [_bar("mean", mean.value, mean.ci95), *(Bar(f.name, f.val_accuracy) for f in scored)]
    return [
        IntervalChart(
            id="folds",
            title="Validation accuracy of each trial",
            caption=f"The mean is {wording.percent(mean.value, 1)}"
            f"{', 95 % interval ' + wording.percent_interval(mean.ci95) if mean.ci95 else ''}.",
            x_label="Validation accuracy",
            unit="percent",
            bars=bars,
            reference=mean.value,
            reference_label="mean",
        )
    ]


def suspects(out: OutOfFold | None) -> list[Table]:
    """Pictures whose label looks wrong to models that never saw them."""
    if out is None or not out.stand_out:
        return []
    rows = [[Cell(sample), Cell(label), Cell(sure)] for sample, label, sure in out.suspects[:MOST_SUSPECTS]]
    more = len(out.suspects) - len(rows)
    caption = f"About {out.expected:.1f} would stand here if every label were right." + (
        f" And {more} more." if more > 0 else ""
    )
    return [Table("suspects", "Labels that look wrong", ["Image", "Label", "The models say"], rows, caption)]


def trial_table(facts: Sequence[TrialFacts]) -> Table:
    """A row a trial, as planned."""
    rows = [
        [
            Cell(f.name),
            Cell(f.status if f.error is None else f"{f.status}: {f.error}"),
            Cell(f.best_epoch, "epoch"),
            Cell(f.val_loss, "nats"),
            Cell(f.val_accuracy, "percent"),
            Cell(f.test_loss, "nats"),
            Cell(f.test_accuracy, "percent"),
            Cell(f.seconds, "seconds"),
        ]
        for f in facts
    ]
    columns = [
        "Trial",
        "Status",
        "Best epoch",
        "Validation loss",
        "Validation accuracy",
        "Test loss",
        "Test accuracy",
        "Training time",
    ]
    return Table("trials", "Every trial", columns, rows)


def _bar(label: str, value: float | None, interval: Interval | None, n: int | None = None) -> Bar:
    low, high = interval or (None, None)
    return Bar(label, value, low, high, n)
