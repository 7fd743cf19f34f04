"""Some classes have too few test samples to say how well they are recognised.

What it checks: the width of the 95 % interval of each class's recall.

Why it matters: a recall of 100 % on four samples is compatible with missing half of the patients.

When it is wrong: never; it says that a number carries little.

How sure: counted, from the width of the interval.
"""

from collections.abc import Iterator

from dermai_report import measures, wording
from dermai_report.report import Finding
from dermai_report.run import Run

NEEDS = ("test.confusion",)
WORST = "info"
WIDTH = 0.30  # convention: an interval of thirty points does not tell a good class from a poor one


def check(run: Run, *, width: float = WIDTH) -> Iterator[Finding]:
    """Report classes whose recall has an interval wider than `width`, or no test sample at all."""
    scores = measures.test_scores(run)
    if scores is None:
        return
    few = [c for c in scores.per_class if c.recall_ci95 is None or c.recall_ci95[1] - c.recall_ci95[0] > width]
    if not few:
        return
    few.sort(key=lambda c: c.n)
    words = [
        f"{c.class_name} ({wording.plural(c.n, 'sample')}"
        + (f", recall {wording.percent_interval(c.recall_ci95, 0)})" if c.recall_ci95 else ")")
        for c in few
    ]
    yield Finding(
        title=f"Too few test samples of {wording.plural(len(few), 'class', 'classes')} to say",
        severity="info",
        confidence=1.0,
        basis="counted",
        message=f"How well these are recognised cannot be told within {wording.points(width, 0)}: {wording.listed(words, 8)}.",
        evidence={"classes": [c.class_name for c in few], "n": [c.n for c in few]},
    )
