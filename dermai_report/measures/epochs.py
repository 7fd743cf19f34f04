"""Which epoch to ship, and which epochs the data cannot tell from it."""

from __future__ import annotations

import math

import numpy as np

from dermai_report.measures.cache import once_per_run
from dermai_report.measures.intervals import Z95, mean_interval
from dermai_report.report import BestEpoch, ByAccuracy, LastEpoch
from dermai_report.run import EpochLog, Run


@once_per_run
def best_epoch(run: Run) -> BestEpoch | None:
    """The epoch with the lowest validation loss; without losses, the highest validation accuracy (ties: the first).

    None when no validation metric was logged. Loss comes first because it sees how sure the model is of each sample, where
    accuracy only counts decisions: it moves in smaller steps and is the less lucky choice among close epochs.
    """
    losses = [(v, e) for e in run.epochs if (v := e.val.get("loss")) is not None and math.isfinite(v)]
    scores = [(v, e) for e in run.epochs if (v := e.val.get("accuracy")) is not None and math.isfinite(v)]
    top = max(scores, key=lambda pair: pair[0])[1] if scores else None
    if not losses and top is None:
        return None
    best = min(losses, key=lambda pair: pair[0])[1] if losses else top
    assert best is not None
    same, basis = _indistinguishable(run, best)
    saved = run.checkpoints.get("best")
    return BestEpoch(
        epoch=best.epoch,
        by="val_loss" if losses else "val_accuracy",
        val_loss=best.val.get("loss"),
        val_accuracy=best.val.get("accuracy"),
        train_loss=best.train.get("loss"),
        train_accuracy=best.train.get("accuracy"),
        by_val_accuracy=ByAccuracy(top.epoch, top.val["accuracy"]) if top else None,
        indistinguishable=same,
        indistinguishable_basis=basis,
        one_standard_error=min([best.epoch, *same]) if basis else None,
        checkpoint=saved.file if saved else None,
        checkpoint_epoch=saved.epoch if saved else None,
        val_loss_ci95=_loss_interval(run, best.epoch),
    )


@once_per_run
def last_epoch(run: Run) -> LastEpoch | None:
    """The last epoch logged, or None when there is none."""
    if not run.epochs:
        return None
    last = run.epochs[-1]
    return LastEpoch(
        epoch=last.epoch,
        val_loss=last.val.get("loss"),
        val_accuracy=last.val.get("accuracy"),
        train_loss=last.train.get("loss"),
        train_accuracy=last.train.get("accuracy"),
    )


def shipped_epoch(run: Run) -> int | None:
    """The epoch whose model was evaluated on the test set, else the best one."""
    if run.test is not None and run.test.epoch is not None:
        return run.test.epoch
    best = best_epoch(run)
    return best.epoch if best else None


def _loss_interval(run: Run, epoch: int) -> tuple[float, float] | None:
    """95 % interval of an epoch's validation loss from its standard error over samples; None without per-sample losses."""
    if run.val_epochs is None or epoch not in run.val_epochs.epochs:
        return None
    return mean_interval(run.val_epochs.loss[run.val_epochs.epochs.index(epoch)])


def _indistinguishable(run: Run, best: EpochLog) -> tuple[list[int], str | None]:
    """Other epochs that the validation data cannot tell from the best one, and on what that rests."""
    if run.val_epochs is not None and best.epoch in run.val_epochs.epochs:
        return _by_paired_loss(run, best.epoch), "paired per-sample validation losses (95 % interval of the difference)"
    n, accuracy = run.count("val"), best.val.get("accuracy")
    if n and accuracy is not None:
        error = math.sqrt(max(accuracy * (1 - accuracy), 1 / n) / n)
        close = [e.epoch for e in run.epochs if abs(e.val.get("accuracy", math.inf) - accuracy) <= error]
        return [e for e in close if e != best.epoch], "validation accuracies within one binomial standard error"
    return [], None


def _by_paired_loss(run: Run, best: int) -> list[int]:
    """Epochs whose mean per-sample loss difference from the best has a 95 % interval over 0 (same samples, so paired)."""
    samples = run.val_epochs
    assert samples is not None
    difference = samples.loss - samples.loss[samples.epochs.index(best)]
    n = difference.shape[1]
    mean, error = difference.mean(axis=1), difference.std(axis=1, ddof=1) / math.sqrt(n) if n > 1 else np.inf
    with np.errstate(invalid="ignore"):
        same = np.abs(mean) <= Z95 * error
    return [e for e, close in zip(samples.epochs, same, strict=True) if close and e != best]
