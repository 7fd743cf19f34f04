"""What a rule may need of a run, and how to log it where it is missing."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from dermai_report.run import Run

_Need = tuple[Callable[[Run], bool], str]

NEEDS: dict[str, _Need] = {
    "train.loss": (lambda r: r.has("train", "loss"), "no training loss: log_epoch(train={'loss': …})"),
    "train.accuracy": (lambda r: r.has("train", "accuracy"), "no training accuracy: log_epoch(train={'accuracy': …})"),
    "val.loss": (lambda r: r.has("val", "loss"), "no validation loss: log_epoch(val={'loss': …})"),
    "val.accuracy": (lambda r: r.has("val", "accuracy"), "no validation accuracy: log_epoch(val={'accuracy': …})"),
    "epochs.5": (lambda r: len(r.epochs) >= 5, "fewer than 5 epochs: too few to tell a trend from noise"),
    "epochs.6": (lambda r: len(r.epochs) >= 6, "fewer than 6 epochs: too few to tell a trend from noise"),
    "classes.3": (lambda r: len(r.classes) >= 3, "fewer than 3 classes: an error has nowhere else to go"),
    "duplicates": (
        lambda r: r.data.duplicates is not None or r.audit is not None,
        "nobody looked for images shared between splits: dermai-data audit DIR -o RUN, or RunWriter(data=Data(duplicates={…}))",
    ),
    "audit": (lambda r: r.audit is not None, "the images were not audited: dermai-data audit DIR -o RUN"),
    "groups": (
        lambda r: r.data.straddling is not None,
        "no groups (patients) are known: dermai-train --group-regex, or RunWriter(data=Data(straddling={…}))",
    ),
    "lr": (lambda r: any(e.lr for e in r.epochs), "no learning rate: log_epoch(lr=…)"),
    "seconds": (lambda r: any(e.seconds for e in r.epochs), "no epoch times: log_epoch(seconds=…)"),
    "config": (lambda r: bool(r.config), "no training configuration: RunWriter(config={…})"),
    "counts": (lambda r: bool(r.data.counts.get("train")), "no sample counts: RunWriter(data=Data(counts={…}))"),
    "excluded": (lambda r: bool(r.data.excluded), "no classes set aside: RunWriter(data=Data(excluded={…}))"),
    "val.count": (lambda r: r.count("val") is not None, "no size of the validation set: RunWriter(data=Data(counts={…}))"),
    "test.count": (lambda r: r.count("test") is not None, "no size of the test set: log_evaluation('test', …)"),
    "val.predictions": (lambda r: "val" in r.predictions, "no validation predictions: log_evaluation('val', …)"),
    "test.predictions": (lambda r: "test" in r.predictions, "no test predictions: log_evaluation('test', …)"),
    "test.columns": (
        lambda r: "test" in r.predictions and bool(r.predictions["test"].columns),
        "nothing further is known of the test samples: log_evaluation('test', columns={'skin_tone': […]})",
    ),
    "test": (lambda r: r.test is not None, "no test evaluation: log_evaluation('test', …)"),
    "test.accuracy": (
        lambda r: r.test is not None and r.test.accuracy is not None,
        "no test accuracy: log_evaluation('test', …)",
    ),
    "test.confusion": (
        lambda r: r.test is not None and r.test.confusion is not None,
        "no test predictions, so no confusion matrix: log_evaluation('test', labels=…, probabilities=…)",
    ),
    "test.probabilities": (
        lambda r: "test" in r.predictions and r.predictions["test"].probabilities is not None,
        "no test probabilities: log_evaluation('test', labels=…, probabilities=…)",
    ),
    "val.probabilities": (
        lambda r: "val" in r.predictions and r.predictions["val"].probabilities is not None,
        "no validation probabilities: log_evaluation('val', labels=…, probabilities=…)",
    ),
    "val_epochs": (
        lambda r: r.val_epochs is not None,
        "no per-sample validation outcomes of each epoch: log_epoch(val_samples=(loss, predicted, label))",
    ),
}


def missing(run: Run, needs: Iterable[str]) -> list[str]:
    """What the run lacks of `needs`, each with how to log it; "a|b" is met by either."""
    lacking = []
    for need in needs:
        choices = [NEEDS[name] for name in need.split("|")]
        if not any(there(run) for there, _ in choices):
            lacking.append(choices[0][1])
    return lacking
