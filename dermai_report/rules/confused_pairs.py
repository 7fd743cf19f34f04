"""Pairs of classes that are taken for each other more than errors at random would be.

What it checks: for each ordered pair, whether the errors of the true class go to the predicted one more often than
errors of the other classes do, by an exact test corrected for the number of pairs that occur (Holm).

Why it matters: a pair that is confused needs other images, another resolution or a question to the clinician, not more
epochs.

When it is wrong: with few errors no pair can be told from chance, and nothing is reported.

Source: Fisher 1935; Holm 1979.
"""

from collections.abc import Iterator

import numpy as np

from dermai_report import actions, measures, wording
from dermai_report.report import Advice, Finding
from dermai_report.run import Run

NEEDS = ("test.confusion",)
ALPHA = 0.05
MOST = 5


def check(run: Run) -> Iterator[Finding]:
    """Report the ordered pairs confused beyond chance, most errors first."""
    scores = measures.test_scores(run)
    if scores is None or scores.confusion is None or len(scores.confusion) < 3:
        return
    errors = np.array(scores.confusion)
    n = errors.sum(axis=1)
    np.fill_diagonal(errors, 0)
    pairs = list(zip(*np.nonzero(errors), strict=True))
    p = [_by_chance(errors, n, true, called) for true, called in pairs]
    found = [pair for pair, adjusted in zip(pairs, measures.holm(p), strict=True) if adjusted < ALPHA]
    if not found:
        return
    found.sort(key=lambda pair: -errors[pair])
    words = [f"{run.classes[t]} taken for {run.classes[c]} ({errors[t, c]} of {n[t]})" for t, c in found]
    message = f"More often than chance, after correcting for {len(pairs)} pairs: {wording.listed(words, MOST)}."
    yield Finding(
        title=f"Confused: {wording.listed([f'{run.classes[t]} → {run.classes[c]}' for t, c in found], 2)}",
        severity="warning",
        confidence=1 - ALPHA,
        message=message,
        evidence={"pairs": [[run.classes[t], run.classes[c], int(errors[t, c]), int(n[t])] for t, c in found[:MOST]]},
        advice=[Advice(actions.LOOK_AT_CONFUSIONS, message), Advice(actions.CHECK_LABELS, message)],
    )


def _by_chance(errors: np.ndarray, n: np.ndarray, true: int, called: int) -> float:
    """p of as many samples of `true` called `called`, were they called so as often as samples of the remaining classes are."""
    others = errors[:, called].sum() - errors[true, called]
    others_n = n.sum() - n[true] - n[called]
    return measures.fisher_greater(errors[true, called], n[true], others, others_n)
