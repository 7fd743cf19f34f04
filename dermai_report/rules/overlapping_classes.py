"""Two classes are taken for each other both ways: they overlap.

What it checks: pairs of classes of which each is taken for the other more often than the errors of the remaining
classes would have it, both ways, by Fisher's test (mid-p) corrected for the number of pairs (Holm).

Why it matters: confusion one way is a bias of the model; both ways it says that the images, or the definitions, do not
tell them apart.

When it is wrong: with few errors no pair can be told from chance. Where no groups are logged, images of one patient pass
for independent ones.

How sure: calibrated: from the larger of the two p-values at even odds, which p = .05 leaves as they are (Vovk and Wang
2021), and checked by simulation. That p is not corrected for the number of pairs: with the correction chance can hardly
make both, and what is left to doubt is that only one way of the pair is real.

Source: Fisher 1935; Lancaster 1961 (mid-p); Cameron, Gelbach and Miller 2008 (with groups); Holm 1979.
"""

from collections.abc import Iterator
from itertools import combinations

import numpy as np

from dermai_report import actions, measures, wording
from dermai_report.report import Advice, Finding
from dermai_report.run import Run

NEEDS = ("test.confusion", "classes.3")
WORST = "warning"
ALPHA = 0.05


def check(run: Run, *, alpha: float = ALPHA) -> Iterator[Finding]:
    """Report pairs that are confused both ways at the family level `alpha`."""
    scores = measures.test_scores(run)
    if scores is None or scores.confusion is None:
        return
    counts = np.array(scores.confusion)
    pairs = list(combinations(range(len(counts)), 2))
    single = measures.confused_p(run)
    p = [float(max(single[a, b], single[b, a])) for a, b in pairs]
    adjusted = measures.holm(p)
    found = {pair: single_p for pair, single_p, q in zip(pairs, p, adjusted, strict=True) if q < alpha}
    if not found:
        return
    words = [
        f"{run.classes[a]} and {run.classes[b]} ({counts[a, b]} of {counts[a].sum()} and {counts[b, a]} of {counts[b].sum()})"
        for a, b in found
    ]
    message = (
        f"Taken for each other both ways, beyond chance after correcting for {len(pairs)} pairs: {wording.listed(words, 4)}."
    )
    yield Finding(
        title=f"Overlapping: {wording.listed([f'{run.classes[a]} and {run.classes[b]}' for a, b in found], 1)}",
        severity="warning",
        confidence=measures.evidence(min(found.values())),
        basis="calibrated",
        message=message,
        evidence={"pairs": [[run.classes[a], run.classes[b]] for a, b in found]},
        advice=[Advice(actions.LOOK_AT_CONFUSIONS, message), Advice(actions.CHECK_LABELS, message)],
    )
