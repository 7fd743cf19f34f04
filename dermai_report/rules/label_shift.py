"""The test set has another mix of classes than the validation set.

What it checks: whether the class counts of the two sets differ beyond chance, and how much of the drop in accuracy the
mix alone explains.

Why it matters: a model that did not change scores lower where hard classes are more frequent; that is no loss of skill,
and neither number is right for a clinic with a third mix.

When it is wrong: it takes recall as the same in both sets; where recall changed too, the split between the two parts is
a convention.

How sure: calibrated: from the p-value at even odds, which p = .05 leaves as they are (Vovk and Wang 2021), and checked by
simulation.

Source: Kitagawa 1955 (decomposition); chi-squared test by resampling, so that rare classes do no harm.
"""

from collections.abc import Iterator

import numpy as np

from dermai_report import measures, wording
from dermai_report.report import Finding
from dermai_report.run import Predictions, Run

NEEDS = ("test", "val.predictions", "test.predictions")
WORST = "warning"
ALPHA = 0.01


def check(run: Run, *, alpha: float = ALPHA) -> Iterator[Finding]:
    """Report mixes that differ at level `alpha`, with their part of the drop."""
    val, test = (np.bincount(run.predictions[s].label, minlength=len(run.classes)) for s in ("val", "test"))
    p = measures.same_mix(val * _worth(run.predictions["val"]), test * _worth(run.predictions["test"]))
    shift = measures.label_shift(run)
    if p >= alpha or shift is None:
        return
    shares = np.abs(val / val.sum() - test / test.sum())
    c = int(shares.argmax())
    message = (
        f"The class mix of test differs from that of validation (p {wording.p_value(p)}); most for {run.classes[c]}, "
        f"{wording.percent(val[c] / val.sum(), 1)} of validation and {wording.percent(test[c] / test.sum(), 1)} of test. The mix alone "
        f"explains {wording.points(shift.part, 1)} of the drop in accuracy"
        + (f" (95 % interval {wording.points_interval(shift.ci95)})." if shift.ci95 else ".")
    )
    yield Finding(
        title="Validation and test have different mixes of classes",
        severity="warning",
        confidence=measures.evidence(p),
        basis="calibrated",
        message=message,
        evidence={"p": p, "part_of_drop": shift.part, "part_ci95": shift.ci95, "class": run.classes[c]},
    )


def _worth(outcome: Predictions) -> float:
    """Independent samples a sample: groups by samples where they are logged, as images of one patient share their class."""
    codes = measures.group_codes(outcome)
    return 1.0 if codes is None else (int(codes.max()) + 1) / len(codes)
