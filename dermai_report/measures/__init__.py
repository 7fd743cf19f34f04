"""Numbers from a Run: pure functions, each with its interval or its reason for having none.

`detect_overfitting(train_loss, val_loss)` takes plain sequences; the others take a Run and remember their result for it.
"""

from __future__ import annotations

from dermai_report.measures.cache import once_per_run
from dermai_report.measures.calibration import calibration, reliability
from dermai_report.measures.comparison import fisher_greater, fisher_less, holm, same_mix
from dermai_report.measures.confusions import confused_p
from dermai_report.measures.epochs import best_epoch, best_epochs_apart, last_epoch, shipped_epoch
from dermai_report.measures.final import averaged, cooled
from dermai_report.measures.fit import highest_training_accuracy
from dermai_report.measures.gap import gap
from dermai_report.measures.generalization import generalization
from dermai_report.measures.groups import effective_size, group_codes, val_epoch_groups
from dermai_report.measures.intervals import Z95, independent_difference, newcombe, samples_to_resolve, wilson
from dermai_report.measures.label_noise import expected_suspects, suspected_labels
from dermai_report.measures.leakage import grouped_tests, leaked_tests, leaks, without
from dermai_report.measures.overfitting import detect_overfitting
from dermai_report.measures.paired import compare, difference_interval, gained_interval, mcnemar
from dermai_report.measures.scores import accuracy_interval, sample_losses, test_scores
from dermai_report.measures.selection import selection_optimism
from dermai_report.measures.shared_classes import only
from dermai_report.measures.shift import label_shift
from dermai_report.measures.steps import USUAL as USUAL_STEPS
from dermai_report.measures.steps import steps
from dermai_report.measures.subgroups import TOO_WIDE, subgroups, too_many_values, worse
from dermai_report.measures.trend import (
    alternates,
    chance_noisier,
    chance_still_worse,
    evidence,
    mann_kendall,
    noise_scale,
    relative_noise,
    theil_sen,
)
from dermai_report.report import Overfitting
from dermai_report.run import Run

__all__ = [
    "TOO_WIDE",
    "USUAL_STEPS",
    "Z95",
    "accuracy_interval",
    "alternates",
    "averaged",
    "best_epoch",
    "best_epochs_apart",
    "calibration",
    "chance_noisier",
    "chance_still_worse",
    "compare",
    "confused_p",
    "cooled",
    "detect_overfitting",
    "difference_interval",
    "effective_size",
    "evidence",
    "expected_suspects",
    "fisher_greater",
    "fisher_less",
    "gained_interval",
    "gap",
    "generalization",
    "group_codes",
    "grouped_tests",
    "highest_training_accuracy",
    "holm",
    "independent_difference",
    "label_shift",
    "last_epoch",
    "leaked_tests",
    "leaks",
    "loses_confidence_only",
    "mann_kendall",
    "mcnemar",
    "newcombe",
    "noise_scale",
    "only",
    "overfitting",
    "relative_noise",
    "reliability",
    "same_mix",
    "sample_losses",
    "samples_to_resolve",
    "selection_optimism",
    "shipped_epoch",
    "steps",
    "subgroups",
    "suspected_labels",
    "test_scores",
    "theil_sen",
    "too_many_values",
    "val_epoch_groups",
    "wilson",
    "without",
    "worse",
]


@once_per_run
def overfitting(run: Run) -> Overfitting:
    """`detect_overfitting` on a run's losses, in the run's own epoch numbers; without losses, on 1 - accuracy."""
    number = [e.epoch for e in run.epochs]
    if run.has("val", "loss"):
        return detect_overfitting(run.series("train", "loss"), run.series("val", "loss"), epochs=number)
    train, val = ([1 - a for a in run.series(split, "accuracy")] for split in ("train", "val"))
    return detect_overfitting(train, val, epochs=number, metric="error")


@once_per_run
def loses_confidence_only(run: Run) -> bool:
    """Whether the validation loss rises while the error rate shows no rise: overconfidence rather than lost skill.

    The last accuracy must also not be below the best epoch's by more than a standard error, where the sample count is known.
    """
    if not (run.has("val", "loss") and run.has("val", "accuracy")) or not overfitting(run).overfit:
        return False
    errors = [1 - a for a in run.series("val", "accuracy")]
    best, last = best_epoch(run), last_epoch(run)
    if best is None or last is None or best.val_accuracy is None or last.val_accuracy is None:
        return False
    n = run.count("val")
    allowed = (best.val_accuracy * (1 - best.val_accuracy) / n) ** 0.5 if n else 0.01
    return not detect_overfitting(None, errors).overfit and last.val_accuracy >= best.val_accuracy - allowed
