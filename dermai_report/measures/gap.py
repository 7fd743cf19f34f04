"""The distance between training and validation, epoch by epoch."""

from __future__ import annotations

import numpy as np

from dermai_report.measures.cache import once_per_run
from dermai_report.measures.epochs import best_epoch
from dermai_report.measures.trend import mann_kendall, noise_scale
from dermai_report.report import Gap
from dermai_report.run import Run

NOISES_ABOVE = 2.0  # a gap under two standard deviations of its own noise is not called one


@once_per_run
def gap(run: Run) -> Gap | None:
    """The gap a epoch, from when it stays, and its value at the best and last epoch; None without both splits.

    Training metrics are those of the evaluation-mode pass ("eval_loss", "eval_accuracy") where the run has one: averaged over
    an epoch with augmentation and dropout on, the training metrics understate the fit. `basis` says which were used.
    """
    loss, loss_basis = _difference(run, "loss", sign=-1)
    accuracy, basis = _difference(run, "accuracy", sign=1)
    if loss is None and accuracy is None:
        return None
    best = best_epoch(run)
    shown = accuracy if accuracy is not None else loss
    assert shown is not None
    numbers = [e.epoch for e in run.epochs]
    loss_onset, accuracy_onset = onset(loss, numbers), onset(accuracy, numbers)
    return Gap(
        accuracy=_listed(accuracy, len(numbers)),
        loss=_listed(loss, len(numbers)),
        onset_epoch=loss_onset if loss is not None else accuracy_onset,
        at_best=_value(shown, numbers.index(best.epoch)) if best else None,
        at_last=_value(shown, -1),
        accuracy_onset_epoch=accuracy_onset,
        loss_onset_epoch=loss_onset,
        trend_p=_trend(loss if loss is not None else accuracy),
        basis=basis or loss_basis,
    )


def onset(values: np.ndarray | None, epochs: list[int]) -> int | None:
    """The first epoch from which (n,) gaps stay above two standard deviations of their noise to the end, or None."""
    if values is None:
        return None
    noise = noise_scale(values)
    if not np.isfinite(noise):
        return None
    high = (values > NOISES_ABOVE * noise) | ~np.isfinite(values)
    below = np.flatnonzero(~high)
    start = int(below[-1]) + 1 if len(below) else 0
    return epochs[start] if start < len(values) and np.isfinite(values[start:]).any() else None


def _difference(run: Run, name: str, sign: int) -> tuple[np.ndarray | None, str | None]:
    """sign * (train - val) an epoch, and the words for what stood for "train"."""
    if not run.has("val", name):
        return None, None
    honest = f"eval_{name}"
    if run.has("train", honest):
        train, basis = run.series("train", honest), "an evaluation-mode pass over training data"
    elif run.has("train", name):
        train, basis = (
            run.series("train", name),
            "training metrics as logged, usually averaged over each epoch while the weights still change",
        )
    else:
        return None, None
    return sign * (np.array(train) - np.array(run.series("val", name))), basis


def _trend(values: np.ndarray | None) -> float | None:
    finite = values[np.isfinite(values)] if values is not None else np.empty(0)
    return mann_kendall(finite) if len(finite) >= 4 else None


def _listed(values: np.ndarray | None, n: int) -> list[float | None]:
    return [None] * n if values is None else [_value(values, i) for i in range(n)]


def _value(values: np.ndarray, index: int) -> float | None:
    return float(values[index]) if np.isfinite(values[index]) else None
