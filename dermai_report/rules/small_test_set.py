"""The test set is too small to see an effect of a few points.

What it checks: the smallest drop in accuracy that a second model, tested on as many other samples, would have to show
to be told from chance.

Why it matters: with such a test set no recommendation of a few points can be confirmed or refuted.

When it is wrong: two models on the same samples are compared pairwise, which needs fewer.

How sure: counted: it follows from the number of samples.

Source: Newcombe 1998, method 10.
"""

from collections.abc import Iterator

from dermai_report import actions, measures, wording
from dermai_report.report import Advice, Finding
from dermai_report.run import Run

NEEDS = ("test.accuracy", "test.count")
WORST = "info"
POINTS = 0.05  # the size of effect that people argue about


def check(run: Run, *, points: float = POINTS) -> Iterator[Finding]:
    """Report a test set in which a difference of `points` (a fraction) is within chance."""
    n, accuracy = run.count("test"), run.test.accuracy if run.test else None
    if not n or accuracy is None or accuracy <= points:
        return
    if measures.newcombe(accuracy, n, accuracy - points, n)[0] > 0:
        return
    needed = measures.samples_to_resolve(accuracy, accuracy - points)
    message = (
        f"With {n:,} test samples a difference of {wording.points(points, 0)} is within chance; telling it takes about {needed:,} "
        "samples for each model, fewer when both are tested on the same ones."
    )
    yield Finding(
        title=f"The test set cannot show a difference of {wording.points(points, 0)}",
        severity="info",
        confidence=1.0,
        basis="counted",
        message=message,
        evidence={"n": n, "n_needed": needed, "points": points},
        advice=[Advice(actions.CROSS_VALIDATION, message)],
    )
