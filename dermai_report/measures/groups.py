"""Samples that belong together (images of one patient) are not independent: what that does to an interval."""

from __future__ import annotations

import numpy as np

from dermai_report.measures.intervals import Z95, student95
from dermai_report.run import Predictions, Run


def group_codes(outcome: Predictions | None) -> np.ndarray | None:
    """One number a distinct group, (n,); None where no group was logged or every sample is a group of its own."""
    if outcome is None or outcome.group is None:
        return None
    unique_codes = getattr(outcome.group, "unique_codes", None)
    codes = unique_codes() if unique_codes else np.unique(np.asarray(outcome.group), return_inverse=True)[1]
    return codes if len(codes) and codes.max() + 1 < len(codes) else None


def val_epoch_groups(run: Run) -> np.ndarray | None:
    """The groups (n,) of the validation samples that were kept of each epoch, by those of the predictions; None where unknown.

    The samples of the epochs have no names: where the labels of the predictions differ from theirs, the order is another one.
    """
    val, kept = run.predictions.get("val"), run.val_epochs
    return group_codes(val) if val is not None and kept is not None and np.array_equal(val.label, kept.label) else None


def split_size(run: Run, split: str) -> float | None:
    """How many independent samples a split is worth for an accuracy, by its predictions where groups are known; None where unknown."""
    outcome = run.predictions.get(split)
    codes = group_codes(outcome)
    if outcome is None or codes is None:
        return run.count(split)
    return effective_size(outcome.label == outcome.predicted, codes)


def effective_size(success: np.ndarray, codes: np.ndarray | None) -> float:
    """How many independent samples (n,) booleans are worth, given their groups (n,); n itself without groups.

    n over the design effect: the variance of the proportion between groups, over the binomial one; less by the square of
    Student's t over the normal quantile, as that variance rests on so many groups. Never more than n, and with one group only,
    1. Put into Wilson's interval (Korn and Graubard 1998, Survey Methodology 24:193).
    """
    n = len(success)
    if codes is None or n < 2:
        return float(n)
    present, code = np.unique(codes, return_inverse=True)
    if len(present) < 2:
        return 1.0
    p = float(success.mean())
    if p in (0.0, 1.0):
        return float(len(present))  # no variance to see: as many trials as there are groups, which is conservative
    residual = np.bincount(code, weights=success - p)
    between = float(residual @ residual) * len(present) / (len(present) - 1) / n**2
    few = (Z95 / student95(len(present) - 1)) ** 2
    return float(min(n, p * (1 - p) / between * few)) if between > 0 else float(n)
