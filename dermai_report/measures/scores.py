"""The test set: accuracy, per-class scores and their averages, each with a 95 % interval."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dermai_report.measures.auroc import auroc
from dermai_report.measures.average_precision import average_precision
from dermai_report.measures.averages import averages
from dermai_report.measures.cache import once_per_run
from dermai_report.measures.calibration import calibration
from dermai_report.measures.groups import effective_size, group_codes
from dermai_report.measures.intervals import f1_interval, wilson
from dermai_report.measures.leakage import leaked_tests, without
from dermai_report.measures.ranking import Area, mean_area, rank
from dermai_report.measures.subgroups import subgroups
from dermai_report.report import ClassScore, Interval, TestScores
from dermai_report.run import SMALLEST_PROBABILITY, Predictions, Run


class Areas(NamedTuple):
    """The areas over the ranking of each class's scores, one versus the rest, and their means over the classes that occur."""

    auroc: list[Area]
    precision: list[Area]
    mean_auroc: Area
    mean_precision: Area


@once_per_run
def test_scores(run: Run) -> TestScores | None:
    """All that the test evaluation says; None when the run has none. What was not logged is None.

    Where samples carry a group, every interval allows for samples of one group being alike: proportions by their effective
    size, averages and areas by adding influences up within groups.
    """
    test, outcome = run.test, run.predictions.get("test")
    if test is None:
        return None
    confusion = np.array(test.confusion) if test.confusion is not None else None
    n = int(confusion.sum()) if confusion is not None else run.count("test")
    codes = group_codes(outcome)
    calibrated, areas = calibration(run), None
    if outcome is not None and outcome.probabilities is not None and len(outcome):
        areas = class_areas(outcome.probabilities, outcome.label, codes)
    rows = per_class(confusion, run.classes, areas, outcome, codes) if confusion is not None else []
    averaged = averages(confusion, rows, outcome, codes) if confusion is not None and confusion.sum() else {}
    none: tuple[float | None, Interval | None] = (None, None)
    (f1, f1_ci), (balanced, balanced_ci), (corr, corr_ci), (agreement, agreement_ci) = (
        averaged.get(name, none) for name in ("macro_f1", "balanced_accuracy", "mcc", "kappa")
    )
    return TestScores(
        n=n,
        n_groups=int(codes.max()) + 1 if codes is not None else None,
        accuracy=test.accuracy,
        accuracy_ci95=accuracy_interval(run, codes),
        loss=test.loss,
        loss_ci95=calibrated.nll_ci95 if calibrated else None,
        macro_f1=f1,
        macro_f1_ci95=f1_ci,
        balanced_accuracy=balanced,
        balanced_accuracy_ci95=balanced_ci,
        mcc=corr,
        mcc_ci95=corr_ci,
        kappa=agreement,
        kappa_ci95=agreement_ci,
        auroc_macro=areas.mean_auroc.value if areas else None,
        auroc_macro_ci95=areas.mean_auroc.ci95 if areas else None,
        average_precision_macro=areas.mean_precision.value if areas else None,
        average_precision_macro_ci95=areas.mean_precision.ci95 if areas else None,
        confusion=test.confusion,
        per_class=rows,
        calibration=calibrated,
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
    areas: Areas | None = None,
    outcome: Predictions | None = None,
    codes: np.ndarray | None = None,
) -> list[ClassScore]:
    """One score a class from (k, k) counts: Wilson for the proportions, Jaccard's for F1, influences for the areas."""
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
        area, precision = (areas.auroc[i], areas.precision[i]) if areas else (Area(None, None), Area(None, None))
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
                auroc=area.value,
                auroc_ci95=area.ci95,
                average_precision=precision.value,
                average_precision_ci95=precision.ci95,
            )
        )
    return rows


def class_areas(scores: np.ndarray, label: np.ndarray, codes: np.ndarray | None = None) -> Areas:
    """The areas of (n, k) scores, each class against the rest, from one ranking a class."""
    found: tuple[list[Area], list[Area]] = ([], [])
    total = np.zeros((2, len(label)))
    for c in range(scores.shape[1]):
        ranked = rank(scores[:, c], label == c)
        for i, (area, influence) in enumerate((auroc(ranked, codes), average_precision(ranked, codes))):
            found[i].append(area)
            total[i] += influence
    means = [mean_area(areas, influence, label, codes) for areas, influence in zip(found, total, strict=True)]
    return Areas(*found, *means)


def _effective(outcome: Predictions, codes: np.ndarray, c: int, part: str) -> float:
    """The effective size of a class's proportion: among which samples it is taken, and which of them count."""
    is_class, called = outcome.label == c, outcome.predicted == c
    among = {"precision": called, "recall": is_class, "specificity": ~is_class, "union": is_class | called}[part]
    success = ~called if part == "specificity" else is_class & called
    return effective_size(success[among], codes[among])


def sample_losses(outcome: Predictions | None) -> np.ndarray | None:
    """The negative log-likelihood (n,) of each sample's label, in nats; None without probabilities."""
    if outcome is None or outcome.probabilities is None:
        return None
    true = outcome.probabilities[np.arange(len(outcome)), outcome.label].astype(np.float64)
    losses: np.ndarray = -np.log(np.maximum(true, SMALLEST_PROBABILITY))
    return losses
