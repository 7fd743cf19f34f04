"""Loss and accuracy by epoch, with the best epoch, the onset of overfitting and the epochs as good."""

from __future__ import annotations

from collections.abc import Iterator

from dermai_report import measures, wording
from dermai_report.exhibits.known import known
from dermai_report.measures.intervals import wilson
from dermai_report.report import (
    BestEpoch,
    Chart,
    LineChart,
    Mark,
    Role,
    Series,
)
from dermai_report.run import Run

SPLITS: tuple[tuple[Role, str], ...] = (("train", "Training"), ("val", "Validation"))


def training_curves(run: Run) -> Iterator[Chart]:
    """Loss and accuracy, as far as they were logged."""
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
        y = [known(v) for v in run.series(split, name)]
        n = run.count("val") if split == "val" and name == "accuracy" else None
        bands = [wilson(v * n, n) if v is not None and n else (None, None) for v in y]
        low, high = ([b[0] for b in bands], [b[1] for b in bands]) if n else (None, None)
        series.append(Series(label, split, x, y, low, high))
        honest = f"eval_{name}"
        if split == "train" and run.has("train", honest):
            measured = [known(v) for v in run.series("train", honest)]
            series.append(Series("Training, evaluation mode", "neutral", x, measured))
    return series
