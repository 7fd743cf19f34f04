"""Some subgroups have too few test samples to say how well they are recognised.

What it checks: the width of the 95 % interval of each subgroup's accuracy; where samples carry a group, groups count.

Why it matters: that no difference is found in a subgroup of nine patients says nothing about the tenth.

When it is wrong: never; it says that a number carries little.

How sure: counted, from the width of the interval.
"""

from collections.abc import Iterator

from dermai_report import measures, wording
from dermai_report.report import Finding
from dermai_report.run import Run

NEEDS = ("test.columns",)
WORST = "info"


def check(run: Run) -> Iterator[Finding]:
    """Report subgroups whose accuracy has too wide an interval."""
    few = sorted((s for s in measures.subgroups(run) if s.too_few), key=lambda s: s.n)
    if not few:
        return
    words = [f"{s.name} ({wording.plural(s.n, 'sample')}, {wording.percent_interval(s.accuracy_ci95, 0)})" for s in few]
    yield Finding(
        title=f"Too few test samples of {wording.plural(len(few), 'subgroup')} to say",
        severity="info",
        confidence=1.0,
        basis="counted",
        message=f"Their accuracy cannot be told within {wording.points(measures.TOO_WIDE, 0)}: {wording.listed(words, 8)}.",
        evidence={"subgroups": [s.name for s in few], "n": [s.n for s in few]},
    )
