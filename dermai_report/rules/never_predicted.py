"""A class that occurs is never predicted.

What it checks: classes with test samples that the model names for none of all test samples.

Why it matters: for such a class the model is blind, whatever its accuracy.

When it is wrong: with very few samples of the class it can be chance; the message gives the number.

How sure: calibrated: the chance that the class is missed more often than not, were any recall as likely beforehand, 1
- .5^(n + 1), with n samples of the class, or patients where groups are logged.
"""

from collections.abc import Iterator

import numpy as np

from dermai_report import actions, measures, wording
from dermai_report.report import Advice, Finding
from dermai_report.run import Run

NEEDS = ("test.confusion",)
WORST = "error"
FEWEST = 3  # of one or two samples none may be named by chance alone


def check(run: Run, *, fewest: int = FEWEST) -> Iterator[Finding]:
    """Report classes with at least `fewest` test samples and no prediction."""
    scores = measures.test_scores(run)
    if scores is None or scores.confusion is None:
        return
    counts = np.array(scores.confusion)
    blind = [i for i in range(len(counts)) if counts[i].sum() >= fewest and counts[:, i].sum() == 0]
    if not blind:
        return
    words = [f"{run.classes[i]} ({wording.plural(int(counts[i].sum()), 'test sample')})" for i in blind]
    message = f"Never predicted: {wording.listed(words)}."
    yield Finding(
        title=f"Never predicted: {wording.listed([run.classes[i] for i in blind], 3)}",
        severity="error",
        confidence=1 - 0.5 ** (1 + min(_independent(run, i, int(counts[i].sum())) for i in blind)),
        basis="calibrated",
        message=message,
        evidence={"classes": [run.classes[i] for i in blind]},
        advice=[Advice(actions.BALANCE_CLASSES, message), Advice(actions.LOOK_AT_CONFUSIONS, message)],
    )


def _independent(run: Run, i: int, n: int) -> int:
    """How many of the n test samples of class i are independent: their groups, where these are logged."""
    outcome = run.predictions.get("test")
    codes = measures.group_codes(outcome)
    return n if outcome is None or codes is None else len(np.unique(codes[outcome.label == i]))
