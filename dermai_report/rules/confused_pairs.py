"""Pairs of classes that are taken for each other more than errors at random would be.

What it checks: for each ordered pair, whether the errors of the true class go to the predicted one more often than
errors of the other classes do, by Fisher's test (mid-p) corrected for the number of pairs (Holm).

Why it matters: a pair that is confused needs other images, another resolution or a question to the clinician, not more
epochs.

When it is wrong: with few errors no pair can be told from chance, and nothing is reported. Where no groups are logged,
images of one patient pass for independent ones, so the pair may be one patient's.

How sure: calibrated: from the p-value at even odds, which p = .05 leaves as they are (Vovk and Wang 2021), and checked by
simulation.

Source: Fisher 1935; Lancaster 1961 (mid-p); Cameron, Gelbach and Miller 2008 (with groups); Holm 1979.
"""

from collections.abc import Iterator
from itertools import permutations

import numpy as np

from dermai_report import actions, measures, wording
from dermai_report.report import Advice, Finding
from dermai_report.run import Run

NEEDS = ("test.confusion", "classes.3")
WORST = "warning"
ALPHA = 0.05
MOST = 5


def check(run: Run, *, alpha: float = ALPHA) -> Iterator[Finding]:
    """Report the ordered pairs confused at the family level `alpha`, most errors first."""
    scores = measures.test_scores(run)
    if scores is None or scores.confusion is None:
        return
    counts = np.array(scores.confusion)
    k = len(counts)
    pairs = list(permutations(range(k), 2))  # all of them: correcting only for pairs that occurred would be too lenient
    single = measures.confused_p(run)
    adjusted = measures.holm([float(single[pair]) for pair in pairs])
    p = {pair: q for pair, q in zip(pairs, adjusted, strict=True) if q < alpha}
    if not p:
        return
    found = sorted(p, key=lambda pair: -counts[pair])
    words = [f"{run.classes[t]} taken for {run.classes[c]} ({counts[t, c]} of {counts[t].sum()})" for t, c in found]
    message = f"More often than errors of other classes go there, after correcting for {len(pairs)} pairs: {wording.listed(words, MOST)}."
    yield Finding(
        title=f"Confused: {wording.listed([f'{run.classes[t]} → {run.classes[c]}' for t, c in found], 2)}",
        severity="warning",
        confidence=measures.evidence(min(p.values())),
        basis="calibrated",
        message=message,
        evidence={
            "pairs": [[run.classes[t], run.classes[c], int(counts[t, c]), int(counts[t].sum())] for t, c in found[:MOST]]
        },
        advice=[Advice(actions.LOOK_AT_CONFUSIONS, message), Advice(actions.CHECK_LABELS, message, 0.5)],
    )
