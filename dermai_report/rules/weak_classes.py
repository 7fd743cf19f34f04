"""Some classes are recognised worse than the rest.

What it checks: for each class, whether its recall is below the recall of all other classes together, by Fisher's
test (mid-p) corrected for the number of classes (Holm); and which classes have too few samples to say.

Why it matters: a good accuracy can hide a class that the model misses, and in medicine that class may be the one that
counts.

When it is wrong: recall is only half the story; a class can have high recall because too much is called it. Where no
groups are logged, images of one patient pass for independent ones.

How sure: calibrated: from the p-value at even odds, which p = .05 leaves as they are (Vovk and Wang 2021), and checked by
simulation.

Source: Wilson 1927 for the interval; Fisher 1935 and Lancaster 1961 for the test; Cameron, Gelbach and Miller 2008 (with groups);
Holm 1979 for the correction.
"""

from collections.abc import Iterator

import numpy as np

from dermai_report import actions, measures, wording
from dermai_report.report import Advice, Finding
from dermai_report.run import Run

NEEDS = ("test.confusion",)
WORST = "warning"
ALPHA = 0.05


def check(run: Run, *, alpha: float = ALPHA) -> Iterator[Finding]:
    """Report classes whose recall is lower than that of the others at the family level `alpha`."""
    scores = measures.test_scores(run)
    if scores is None or scores.confusion is None or len(scores.confusion) < 2:
        return
    confusion = np.array(scores.confusion)
    hit, n = np.diag(confusion), confusion.sum(axis=1)
    adjusted = measures.holm(_p_values(run, hit, n))
    weak = [c for c in range(len(n)) if adjusted[c] < alpha]
    if not weak:
        return
    weak.sort(key=lambda c: hit[c] / n[c])
    worst = [
        f"{scores.per_class[c].class_name} ({wording.percent(scores.per_class[c].recall, 1)}, 95 % interval "
        f"{wording.percent_interval(scores.per_class[c].recall_ci95)}, n {n[c]})"
        for c in weak
    ]
    message = f"Recall is lower than that of the other classes for {wording.listed(worst)}, beyond chance after correcting for "
    message += f"{len(n)} comparisons."
    train = run.data.counts.get("train", {})
    median = float(np.median(list(train.values()))) if train else 0.0
    rare = [f"{name} ({train.get(name, 0):,})" for name in (run.classes[c] for c in weak) if train.get(name, 0) < median]
    advice = [Advice(actions.LOOK_AT_CONFUSIONS, message), Advice(actions.CHECK_LABELS, message)]
    if rare:
        why = f"Fewer training images than the median class ({median:,.0f}): {wording.listed(rare)}."
        advice.append(Advice(actions.BALANCE_CLASSES, why))
    yield Finding(
        title=f"Weak {'class' if len(weak) == 1 else 'classes'}: {wording.listed([run.classes[c] for c in weak], 3)}",
        severity="warning",
        confidence=measures.evidence(min(adjusted)),
        basis="calibrated",
        message=message,
        evidence={"classes": [run.classes[c] for c in weak], "recall": [float(hit[c] / n[c]) for c in weak]},
        advice=advice,
    )


def _p_values(run: Run, hit: np.ndarray, n: np.ndarray) -> list[float]:
    """For each class, p of its recall being no lower than that of the others; 1 where too few groups are behind it to say."""
    outcome = run.predictions.get("test")
    codes = measures.group_codes(outcome)
    if outcome is None or codes is None:
        return [measures.fisher_less(hit[c], n[c], hit.sum() - hit[c], n.sum() - n[c]) for c in range(len(n))]
    right = outcome.label == outcome.predicted
    found = [measures.worse(right, outcome.label == c, codes=codes) for c in range(len(n))]
    return [1.0 if p is None else p for p in found]
