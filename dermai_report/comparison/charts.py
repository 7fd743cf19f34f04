"""The charts of a comparison, as data: how far each run is from the baseline, the curves over each other, recall by class."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dermai_report import wording
from dermai_report.comparison.matching import same_classes
from dermai_report.report import Bar, Chart, Compared, Difference, IntervalChart, LineChart, Series
from dermai_report.run import Run

MOST_CURVES = 4  # that can be told apart by colour and dash
AS_GOOD = "as good as the baseline"


def of_all(baseline: Run, runs: Sequence[Run], names: Sequence[str], found: Sequence[Compared]) -> list[Chart]:
    """Charts of all runs together."""
    comparable = [(run, name) for run, name in zip([baseline, *runs], names, strict=True) if same_classes(baseline, run)]
    shown = comparable[:MOST_CURVES]
    drawn = [*_accuracy(found), _curves(shown, "loss", len(names)), _curves(shown, "accuracy", len(names))]
    return [chart for chart in drawn if chart is not None]


def of_one(one: Compared) -> list[Chart]:
    """The recall of each class, where it is known of both."""
    bars = [_bar(row.label, row) for row in one.classes]
    if not bars:
        return []
    sure = [row.label for row in one.classes if row.better is not None]
    caption = f"Beyond its own interval for {wording.listed(sure)}" if sure else "No class moves beyond its interval"
    caption += f"; {wording.plural(len(bars), 'class is', 'classes are')} looked at, and one in twenty does so by chance."
    title = "Change of each class's recall"
    return [IntervalChart("recall", title, caption, "Difference in recall (points)", "points", bars, 0.0, AS_GOOD)]


def _accuracy(found: Sequence[Compared]) -> Iterator[Chart]:
    if len(found) < 2:
        return
    bars = [_bar(one.name, one) for one in found if one.difference is not None]
    better = sum(one.verdict == "better" for one in found)
    caption = f"{better} of {len(found)} are shown to be better." if better else "None is shown to be better."
    yield IntervalChart(
        "differences", "Accuracy against the baseline", caption, "Difference in accuracy (points)", "points", bars, 0.0, AS_GOOD
    )


def _bar(label: str, moved: Difference | Compared) -> Bar:
    low, high = moved.ci95 or (None, None)
    return Bar(label, moved.difference, low, high, moved.n)


def _curves(runs: Sequence[tuple[Run, str]], metric: str, total: int) -> Chart | None:
    logged = [(run, name) for run, name in runs if run.has("val", metric)]
    if len(logged) < 2:
        return None  # a curve alone compares nothing
    series = [
        Series(name, "neutral", [float(e.epoch) for e in run.epochs], [e.metric("val", metric) for e in run.epochs])
        for run, name in logged
    ]
    pick = min if metric == "loss" else max
    best = {name: pick(v for e in run.epochs if (v := e.metric("val", metric)) is not None) for run, name in logged}
    left_out = f" Drawn: {wording.listed(list(best))}, of {total} runs." if total > len(logged) else ""
    ahead = pick(best, key=best.__getitem__)
    words = wording.nats(best[ahead]) if metric == "loss" else wording.percent(best[ahead])
    return LineChart(
        metric,
        f"Validation {metric} by epoch",
        f"{'Lowest' if metric == 'loss' else 'Highest'}: {ahead}, {words}.{left_out}",
        "Epoch",
        "Validation loss (nats)" if metric == "loss" else "Validation accuracy",
        "nats" if metric == "loss" else "percent",
        series,
    )
