"""Which epoch to ship, and which epochs the data cannot tell from it."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np

from dermai_report.measures.cache import once_per_run
from dermai_report.measures.chosen import chosen_accuracy, chosen_loss
from dermai_report.measures.groups import effective_size, split_size, val_epoch_groups
from dermai_report.measures.intervals import Z95, newcombe
from dermai_report.report import BestEpoch, ByAccuracy, Interval, LastEpoch
from dermai_report.run import EpochLog, Run, SampleEpochs

PAIRED = "paired per-sample validation losses; the best epoch is among those named 95 times in 100"
UNPAIRED = "validation accuracies; the best epoch is among those named at least 95 times in 100"


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
    same, earliest, basis = _indistinguishable(run, best)
    loss_ci, accuracy_ci = _intervals(run, best, 1 + len(same))
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
        one_standard_error=earliest,
        checkpoint=saved.file if saved else None,
        checkpoint_epoch=saved.epoch if saved else None,
        val_loss_ci95=loss_ci,
        val_accuracy_ci95=accuracy_ci,
    )


def best_epochs_apart(first: BestEpoch, second: BestEpoch) -> tuple[int, int] | None:
    """How far the second run's best epoch may be behind the first's, from the earliest to the latest of the epochs that are as good.

    None where nothing tells which these are. Each run's epochs hold its truly best one in 95 of 100 cases.
    """
    if first.indistinguishable_basis is None or second.indistinguishable_basis is None:
        return None
    a, b = ([one.epoch, *one.indistinguishable] for one in (first, second))
    return min(b) - max(a), max(b) - min(a)


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
    """The epoch whose model was evaluated on the test set; without a test, the best one; None where the test names none.

    A test evaluation that names neither epoch nor checkpoint may be of any model: nothing is guessed.
    """
    if run.test is None:
        best = best_epoch(run)
        return best.epoch if best else None
    if run.test.epoch is not None:
        return run.test.epoch
    named = (c.epoch for role, c in run.checkpoints.items() if run.test.checkpoint in (role, c.file))
    return next(named, None)


def _intervals(run: Run, best: EpochLog, epochs: int) -> tuple[Interval | None, Interval | None]:
    """Those of the best epoch's validation loss and accuracy, which allow for the choice among so many equally good epochs.

    The loss has one where per-sample losses were kept, the accuracy where the number of samples is known.
    """
    samples, worth, loss = run.val_epochs, split_size(run, "val"), None
    if samples is not None and best.epoch in samples.epochs:
        i, codes = samples.epochs.index(best.epoch), val_epoch_groups(run)
        hit = samples.predicted[i] == samples.label
        loss = chosen_loss(samples.loss[i], hit, epochs, codes)
        worth = effective_size(hit, codes) if codes is not None else worth or len(hit)
    accuracy = best.val.get("accuracy")
    if not worth or accuracy is None or not math.isfinite(accuracy):
        return loss, None
    return loss, chosen_accuracy(accuracy, worth, epochs)


def _indistinguishable(run: Run, best: EpochLog) -> tuple[list[int], int | None, str | None]:
    """Other epochs that the validation data cannot tell from the best, the earliest within one standard error, the basis."""
    if run.val_epochs is not None and _known(run.val_epochs, best.epoch):
        z = _paired_z(run.val_epochs, best.epoch, val_epoch_groups(run))
        same = [e for e, score in z.items() if score <= best_of(len(z)) and e != best.epoch]
        return same, min(e for e, score in z.items() if score <= 1), PAIRED
    n, accuracy = split_size(run, "val"), best.val.get("accuracy")
    if n and accuracy is not None and math.isfinite(accuracy):
        known = {e.epoch: v for e in run.epochs if (v := e.val.get("accuracy")) is not None and math.isfinite(v)}
        spans = {e: newcombe(accuracy, n, v, n, best_of(len(known))) for e, v in known.items()}
        same = [e for e, (low, high) in spans.items() if low <= 0 <= high and e != best.epoch]
        error = math.sqrt(max(accuracy * (1 - accuracy), 1 / n) / n)
        return same, min(e for e, v in known.items() if v >= accuracy - error), UNPAIRED
    return [], None, None


def _known(samples: SampleEpochs, epoch: int) -> bool:
    """Whether the epoch's losses were kept and are numbers."""
    return epoch in samples.epochs and bool(np.isfinite(samples.loss[samples.epochs.index(epoch)]).all())


def best_of(epochs: int) -> float:
    """How many standard errors an epoch may be behind the lowest loss of so many, and still be the truly best one (5 % miss it).

    The lowest of many is low by chance, too, so it takes more than 1.96: Gupta's subset selection (1965, Technometrics 7:225), for
    independent differences, which is on the safe side for epochs that resemble each other.
    """
    return max(NormalDist().inv_cdf(0.95 ** (1 / max(epochs - 1, 1))), Z95)


def _paired_z(samples: SampleEpochs, best: int, codes: np.ndarray | None = None) -> dict[int, float]:
    """Each epoch's mean per-sample loss difference from the best, in standard errors of it (the same samples, so paired).

    codes: (n,) group numbers; deviations then add up within groups.
    """
    difference = samples.loss - samples.loss[samples.epochs.index(best)]
    mean = difference.mean(axis=1)
    with np.errstate(invalid="ignore"):  # an epoch with infinite losses
        sums = difference - mean[:, None]
    if codes is not None:
        sums = np.array([np.bincount(codes, weights=row) for row in sums])
    n = sums.shape[1]
    if n < 2:
        return dict.fromkeys(samples.epochs, 0.0)
    error = np.sqrt((sums**2).sum(axis=1) * n / (n - 1)) / difference.shape[1]
    with np.errstate(invalid="ignore", divide="ignore"):
        z = np.where(mean == 0, 0.0, np.abs(mean) / error)
    return {e: float(score) for e, score in zip(samples.epochs, np.nan_to_num(z, nan=np.inf), strict=True)}
