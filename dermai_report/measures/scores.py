"""The test set: accuracy, per-class scores and their averages, each with a 95 % interval."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import numpy as np

from dermai_report.measures.cache import once_per_run
from dermai_report.measures.calibration import calibration
from dermai_report.measures.groups import effective_size, group_codes, resampled_counts
from dermai_report.measures.intervals import combined, f1_interval, mean_interval, wilson
from dermai_report.measures.leakage import leaked_tests, without
from dermai_report.measures.ranking import Area, class_areas
from dermai_report.measures.subgroups import subgroups
from dermai_report.report import ClassScore, Interval, TestScores
from dermai_report.run import SMALLEST_PROBABILITY, Predictions, Run

RESAMPLES = 2000  # the 2.5 % tail then rests on 50 draws
MOST_CELLS = 2_000_000  # counts held at a time: 16 MB


@once_per_run
def test_scores(run: Run) -> TestScores | None:
    """All that the test evaluation says; None when the run has none. What was not logged is None.

    Where samples carry a group, every interval allows for samples of one group being alike: proportions by their effective
    size, averages by drawing whole groups, areas by adding influences up within groups.
    """
    test, outcome = run.test, run.predictions.get("test")
    if test is None:
        return None
    confusion = np.array(test.confusion) if test.confusion is not None else None
    n = int(confusion.sum()) if confusion is not None else run.count("test")
    codes = group_codes(outcome) if outcome is not None else None
    areas: list[Area] = []
    mean_area = Area(None, None)
    if outcome is not None and outcome.probabilities is not None and len(outcome):
        areas, mean_area = class_areas(outcome.probabilities, outcome.label, codes)
    rows = per_class(confusion, run.classes, areas, outcome, codes) if confusion is not None else []
    averaged = averages(confusion, rows, outcome, codes) if confusion is not None and confusion.sum() else {}
    none: tuple[float | None, Interval | None] = (None, None)
    (f1, f1_ci), (balanced, balanced_ci), (corr, corr_ci) = (
        averaged.get(name, none) for name in ("macro_f1", "balanced_accuracy", "mcc")
    )
    return TestScores(
        n=n,
        n_groups=int(codes.max()) + 1 if codes is not None else None,
        accuracy=test.accuracy,
        accuracy_ci95=accuracy_interval(run, codes),
        loss=test.loss,
        loss_ci95=loss_interval(outcome, codes),
        macro_f1=f1,
        macro_f1_ci95=f1_ci,
        balanced_accuracy=balanced,
        balanced_accuracy_ci95=balanced_ci,
        mcc=corr,
        mcc_ci95=corr_ci,
        auroc_macro=mean_area.value,
        auroc_macro_ci95=mean_area.ci95,
        confusion=test.confusion,
        per_class=rows,
        calibration=calibration(run),
        epoch=test.epoch,
        checkpoint=test.checkpoint,
        subgroups=subgroups(run),
        without_leaked=without(run, leaked_tests(run)),
        majority_accuracy=float(confusion.sum(axis=1).max() / confusion.sum()) if averaged and confusion is not None else None,
    )


def accuracy_interval(run: Run, codes: np.ndarray | None = None) -> Interval | None:
    """95 % interval of the test accuracy (Wilson's); codes: groups, which make samples worth fewer. None without a sample count."""
    if run.test is None or run.test.accuracy is None:
        return None
    outcome, confusion = run.predictions.get("test"), run.test.confusion
    if outcome is not None:
        size: float | None = effective_size(outcome.label == outcome.predicted, codes)
    else:
        size = sum(map(sum, confusion)) if confusion is not None else run.count("test")
    return wilson(run.test.accuracy * size, size) if size else None


def per_class(
    confusion: np.ndarray,
    classes: tuple[str, ...],
    areas: list[Area],
    outcome: Predictions | None = None,
    codes: np.ndarray | None = None,
) -> list[ClassScore]:
    """One score a class from (k, k) counts: Wilson for the proportions, Jaccard's for F1, DeLong's for the AUROC."""
    total = int(confusion.sum())
    rows = []
    for i, name in enumerate(classes):
        true, called, hit = int(confusion[i].sum()), int(confusion[:, i].sum()), int(confusion[i, i])
        rest, rest_hit = total - true, total - true - called + hit
        union = true + called - hit
        parts = {"precision": (hit, called), "recall": (hit, true), "specificity": (rest_hit, rest), "union": (hit, union)}
        ci = {}
        for part, (success, n) in parts.items():
            size = _effective(outcome, codes, i, part) if outcome is not None and codes is not None else n
            interval = f1_interval if part == "union" else wilson
            ci[part] = interval(success / n * size, size) if n else None
        area = areas[i] if areas else None
        rows.append(
            ClassScore(
                class_name=name,
                n=true,
                precision=hit / called if called else None,
                precision_ci95=ci["precision"],
                recall=hit / true if true else None,
                recall_ci95=ci["recall"],
                f1=2 * hit / (true + called) if union else None,
                f1_ci95=ci["union"],
                specificity=rest_hit / rest if rest else None,
                specificity_ci95=ci["specificity"],
                auroc=area.value if area else None,
                auroc_ci95=area.ci95 if area else None,
            )
        )
    return rows


def _effective(outcome: Predictions, codes: np.ndarray, c: int, part: str) -> float:
    """The effective size of a class's proportion: among which samples it is taken, and which of them count."""
    is_class, called = outcome.label == c, outcome.predicted == c
    among = {"precision": called, "recall": is_class, "specificity": ~is_class, "union": is_class | called}[part]
    success = ~called if part == "specificity" else is_class & called
    return effective_size(success[among], codes[among])


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


def averages(
    confusion: np.ndarray, rows: list[ClassScore], outcome: Predictions | None = None, codes: np.ndarray | None = None
) -> dict[str, tuple[float, Interval | None]]:
    """macro_f1, balanced_accuracy and mcc of (k, k) counts with 95 % intervals; rows: the scores of the classes.

    Percentiles of 2,000 bootstrap draws, and for the two means over classes the wider of these and of the single classes' limits
    combined by squares (MOVER: Zou and Donner 2008, Statistics in Medicine 27:1693): the bootstrap cannot see that a rare
    class without errors could have some (its coverage falls to .45 with six samples). No mcc where all samples are of one
    class or called one.
    """
    counts = confusion.astype(float)
    one_sided = max((counts.sum(0) > 0).sum(), (counts.sum(1) > 0).sum()) < 2
    draws = _bootstrap(confusion, outcome, codes)
    result: dict[str, tuple[float, Interval | None]] = {}
    for name, score, parts in (
        ("macro_f1", macro_f1, [(r.f1, r.f1_ci95) for r in rows]),
        ("balanced_accuracy", balanced_accuracy, [(r.recall, r.recall_ci95) for r in rows]),
    ):
        value, (low, high) = float(score(counts)), _percentiles(draws[name])
        left, right = combined([(v, ci) for v, ci in parts if v is not None and ci is not None])
        result[name] = (value, (min(low, left), max(high, right)))
    if not one_sided:
        low, high = _percentiles(draws["mcc"])
        if np.trace(confusion) == confusion.sum():  # without an error a draw has none either
            low = result["balanced_accuracy"][1][0] if result["balanced_accuracy"][1] else low
        result["mcc"] = (float(mcc(counts)), (low, high))
    return result


def _bootstrap(
    confusion: np.ndarray, outcome: Predictions | None, codes: np.ndarray | None, seed: int = 0
) -> dict[str, np.ndarray]:
    """Draws (resamples,) of each average; whole groups are drawn where there are any."""
    k = len(confusion)
    if outcome is not None and codes is not None:
        cells = outcome.label.astype(np.int64) * k + outcome.predicted
    else:
        cells, codes = np.repeat(np.arange(k * k), confusion.ravel()), None
    rng = np.random.default_rng(seed)
    scores: dict[str, Callable[[np.ndarray], np.ndarray]]
    scores = {"macro_f1": macro_f1, "balanced_accuracy": balanced_accuracy, "mcc": mcc}
    values: dict[str, list[np.ndarray]] = {name: [] for name in scores}
    block = max(1, min(RESAMPLES, MOST_CELLS // (k * k)))
    for start in range(0, RESAMPLES, block):
        counts = resampled_counts(cells, codes, k * k, min(block, RESAMPLES - start), rng).reshape(-1, k, k)
        for name, score in scores.items():
            values[name].append(score(counts))
    return {name: np.concatenate(v) for name, v in values.items()}


def loss_interval(outcome: Predictions | None, codes: np.ndarray | None = None) -> Interval | None:
    """95 % interval of the mean negative log-likelihood, from the standard error over samples or groups (2 or more)."""
    losses = sample_losses(outcome)
    return None if losses is None else mean_interval(losses, codes)


def sample_losses(outcome: Predictions | None) -> np.ndarray | None:
    """The negative log-likelihood (n,) of each sample's label, in nats; None without probabilities."""
    if outcome is None or outcome.probabilities is None:
        return None
    true = outcome.probabilities[np.arange(len(outcome)), outcome.label].astype(np.float64)
    losses: np.ndarray = -np.log(np.maximum(true, SMALLEST_PROBABILITY))
    return losses


def _mean_where(top: np.ndarray, bottom: np.ndarray) -> np.ndarray:
    """Mean of top / bottom over the last axis, where bottom is not 0."""
    there = bottom > 0
    ratio = np.divide(top, bottom, out=np.zeros(np.broadcast_shapes(top.shape, bottom.shape)), where=there)
    return cast("np.ndarray", ratio.sum(-1) / np.maximum(there.sum(-1), 1))


def _percentiles(values: np.ndarray) -> Interval:
    low, high = np.percentile(values, [2.5, 97.5])
    return float(low), float(high)
