"""A subgroup of the test set is recognised worse than the rest.

What it checks: for each value of each further column of the test predictions (skin tone, site, age band), whether its accuracy
is below that of all other samples, corrected for all such comparisons (Holm). Where samples carry a group, whole groups
count. It also says whether the difference holds among samples of the same true class.

Why it matters: a good accuracy can hide the patients whom the model fails, and these are often those who are rare in the
training data.

When it is wrong: a subgroup can be harder for reasons that are no fault of the model, such as another mix of classes (that
much is checked) or poorer images. Subgroups that nobody recorded are not seen. No finding does not mean fairness: with few
samples only large differences show.

How sure: calibrated: from the p-value at even odds, which p = .05 leaves as they are (Vovk and Wang 2021), and checked by
simulation.

Source: Fisher 1935; Lancaster 1961 (mid-p); Mantel and Haenszel 1959; Cameron, Gelbach and Miller 2008 (with groups); Holm 1979. For skin
tones: Daneshjou et al. 2022, Disparities in dermatology AI performance on a diverse, curated clinical image set.
"""

from collections.abc import Iterator

from dermai_report import actions, measures, wording
from dermai_report.report import Advice, Finding, Subgroup
from dermai_report.run import Run

NEEDS = ("test.columns",)
WORST = "warning"
ALPHA = 0.05


def check(run: Run, *, alpha: float = ALPHA) -> Iterator[Finding]:
    """Report subgroups whose accuracy is lower than that of the rest at the family level `alpha`."""
    found = measures.subgroups(run)
    weak = sorted((s for s in found if s.p is not None and s.p < alpha), key=lambda s: s.accuracy)
    if not weak:
        return
    tested = sum(s.p is not None for s in found)
    message = (
        f"Accuracy is lower than that of the rest for {wording.listed(map(_worded, weak))}, beyond chance after correcting for "
        f"{wording.plural(tested, 'comparison')}. {_classes(weak, alpha)}"
    )
    yield Finding(
        title=f"Weak {'subgroup' if len(weak) == 1 else 'subgroups'}: {wording.listed([s.name for s in weak], 3)}",
        severity="warning",
        confidence=measures.evidence(min(s.p for s in weak if s.p is not None)),
        basis="calibrated",
        message=message,
        evidence={"subgroups": [s.name for s in weak], "accuracy": [s.accuracy for s in weak], "p": [s.p for s in weak]},
        advice=[Advice(actions.COLLECT_SUBGROUP, message)],
    )


def _worded(s: Subgroup) -> str:
    return (
        f"{s.name} ({wording.percent(s.accuracy, 1)}, 95 % interval {wording.percent_interval(s.accuracy_ci95)}, n {s.n:,}; the rest "
        f"{wording.percent(s.rest_accuracy, 1)})"
    )


def _classes(weak: list[Subgroup], alpha: float) -> str:
    """Whether another mix of classes may be all there is to it."""
    holds = [s.name for s in weak if s.p_same_classes is not None and s.p_same_classes < alpha]
    open_ = [s.name for s in weak if s.name not in holds]
    said = [f"Among samples of the same class it holds for {wording.listed(holds)}."] if holds else []
    if open_:
        said.append(f"For {wording.listed(open_)} another mix of classes may explain it: within the classes it is not shown.")
    return " ".join(said)
