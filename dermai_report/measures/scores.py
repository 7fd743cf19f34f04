"""The test set: accuracy, per-class scores and their averages, each with a 95 % interval."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import numpy as np

from dermai_report.measures.cache import once_per_run
from dermai_report.measures.calibration import calibration
from dermai_report.measures.intervals import f1_interval, mean_interval, wilson
from dermai_report.measures.ranking import Area, auroc, macro
from dermai_report.report import ClassScore, Interval, TestScores
from dermai_report.run import SMALLEST_PROBABILITY, Predictions, Run

RESAMPLES = 2000  # the 2.5 % tail then rests on 50 draws


@once_per_run
def test_scores(run: Run) -> TestScores | None:
    """All that the test evaluation says; None when the run has none. What was not logged is None."""
    test, outcome = run.test, run.predictions.get("test")
    if test is None:
        return None
    confusion = np.array(test.confusion) if test.confusion is not None else None
    n = test.n if test.n is not None else (int(confusion.sum()) if confusion is not None else None)
    ci = averages(confusion) if confusion is not None and confusion.sum() else {}
    areas = class_aurocs(outcome)
    mean_area = macro(areas)
    return TestScores(
        n=n,
        accuracy=test.accuracy,
        accuracy_ci95=wilson(test.accuracy * n, n) if test.accuracy is not None and n else None,
        loss=test.loss,
        loss_ci95=loss_interval(outcome),
        macro_f1=ci["macro_f1"][0] if ci else None,
        macro_f1_ci95=ci["macro_f1"][1] if ci else None,
        balanced_accuracy=ci["balanced_accuracy"][0] if ci else None,
        balanced_accuracy_ci95=ci["balanced_accuracy"][1] if ci else None,
        mcc=ci["mcc"][0] if ci else None,
        mcc_ci95=ci["mcc"][1] if ci else None,
        auroc_macro=mean_area.value,
        auroc_macro_ci95=mean_area.ci95,
        confusion=test.confusion,
        per_class=per_class(confusion, run.classes, areas) if confusion is not None else [],
        calibration=calibration(run),
        epoch=test.epoch,
        checkpoint=test.checkpoint,
        majority_accuracy=float(confusion.sum(axis=1).max() / confusion.sum()) if ci and confusion is not None else None,
    )


def per_class(confusion: np.ndarray, classes: tuple[str, ...], areas: list[Area]) -> list[ClassScore]:
    """One score a class from (k, k) counts: Wilson for the proportions, Jaccard's for F1, DeLong's for the AUROC."""
    total = int(confusion.sum())
    rows = []
    for i, name in enumerate(classes):
        true, called, hit = int(confusion[i].sum()), int(confusion[:, i].sum()), int(confusion[i, i])
        rest, correct_rest = total - true, total - true - called + hit
        area = areas[i] if areas else None
        union = true + called - hit
        rows.append(
            ClassScore(
                class_name=name,
                n=true,
                precision=hit / called if called else None,
                precision_ci95=wilson(hit, called) if called else None,
                recall=hit / true if true else None,
                recall_ci95=wilson(hit, true) if true else None,
                f1=2 * hit / (true + called) if union else None,
                f1_ci95=f1_interval(hit, called - hit, true - hit) if union else None,
                specificity=correct_rest / rest if rest else None,
                specificity_ci95=wilson(correct_rest, rest) if rest else None,
                auroc=area.value if area else None,
                auroc_ci95=area.ci95 if area else None,
            )
        )
    return rows


def macro_f1(counts: np.ndarray) -> np.ndarray:
    """Mean F1 over the classes that occur or are called, for (..., k, k) counts."""
    hit = np.diagonal(counts, axis1=-2, axis2=-1)
    both = counts.sum(-1) + counts.sum(-2)
    return _mean_where(2 * hit, both)


def balanced_accuracy(counts: np.ndarray) -> np.ndarray:
    """Mean recall over the classes that occur, for (..., k, k) counts."""
    return _mean_where(np.diagonal(counts, axis1=-2, axis2=-1), counts.sum(-1))


def mcc(counts: np.ndarray) -> np.ndarray:
    """Matthews' correlation for (..., k, k) counts, in [-1, 1]; 0 where one side is constant (Gorodkin 2004)."""
    counts = counts.astype(float)
    n, hit = counts.sum((-2, -1)), np.trace(counts, axis1=-2, axis2=-1)
    true, called = counts.sum(-1), counts.sum(-2)
    covariance = hit * n - (true * called).sum(-1)
    spread = np.sqrt((n**2 - (true**2).sum(-1)) * (n**2 - (called**2).sum(-1)))
    return cast("np.ndarray", np.divide(covariance, spread, out=np.zeros_like(covariance), where=spread > 0))


def averages(confusion: np.ndarray, seed: int = 0) -> dict[str, tuple[float, Interval]]:
    """macro_f1, balanced_accuracy and mcc of (k, k) counts with bootstrap intervals.

    Resampling samples is drawing the counts anew from a multinomial, so the cost is classes^2 and not samples. A matrix
    without any error resamples to itself; then the bound of an accuracy with as many samples stands in (Wilson's).
    """
    k, n = len(confusion), int(confusion.sum())
    scores: dict[str, Callable[[np.ndarray], np.ndarray]] = {
        "macro_f1": macro_f1,
        "balanced_accuracy": balanced_accuracy,
        "mcc": mcc,
    }
    if np.trace(confusion) == n:
        return {name: (float(score(confusion)), (wilson(n, n)[0], 1.0)) for name, score in scores.items()}
    filled = np.flatnonzero(confusion)
    draws = np.random.default_rng(seed).multinomial(n, confusion.ravel()[filled] / n, size=RESAMPLES)
    values: dict[str, list[np.ndarray]] = {name: [] for name in scores}
    for block in np.array_split(draws, max(1, RESAMPLES * k * k // 2_000_000)):  # 16 MB a block
        counts = np.zeros((len(block), k * k))
        counts[:, filled] = block
        for name, score in scores.items():
            values[name].append(score(counts.reshape(-1, k, k)))
    return {name: (float(score(confusion)), _percentiles(np.concatenate(values[name]))) for name, score in scores.items()}


def class_aurocs(outcome: Predictions | None) -> list[Area]:
    """One-versus-rest AUROC of each class with its interval; empty without probabilities."""
    if outcome is None or outcome.probabilities is None:
        return []
    return [auroc(outcome.probabilities[:, c], outcome.label == c) for c in range(outcome.probabilities.shape[1])]


def loss_interval(outcome: Predictions | None) -> Interval | None:
    """95 % interval of the mean negative log-likelihood, from the standard error over samples (n >= 2)."""
    if outcome is None or outcome.probabilities is None:
        return None
    true = outcome.probabilities[np.arange(len(outcome)), outcome.label].astype(np.float64)
    return mean_interval(-np.log(np.maximum(true, SMALLEST_PROBABILITY)))


def _mean_where(top: np.ndarray, bottom: np.ndarray) -> np.ndarray:
    """Mean of top / bottom over the last axis, where bottom is not 0."""
    there = bottom > 0
    ratio = np.divide(top, bottom, out=np.zeros(np.broadcast_shapes(top.shape, bottom.shape)), where=there)
    return cast("np.ndarray", ratio.sum(-1) / np.maximum(there.sum(-1), 1))


def _percentiles(values: np.ndarray) -> Interval:
    low, high = np.percentile(values, [2.5, 97.5])
    return float(low), float(high)
