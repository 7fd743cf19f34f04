"""Copies of one image carry different labels.

What it checks: pairs of images that the audit found to be copies of each other, in different classes.

Why it matters: at least one of the two labels is wrong, or the classes overlap; in training the two pull against each other,
in a test one of them cannot be right.

When it is wrong: a near duplicate is found by its looks: two pictures of one series may show different findings.

How sure: counted for exact copies; judged for near duplicates.
"""

from collections.abc import Iterator

from dermai_report import actions, wording
from dermai_report.report import Advice, Finding
from dermai_report.run import Run

NEEDS = ("audit",)
WORST = "warning"
QUOTED = 3
BY_LOOKS = 0.95  # a judgement: how often near duplicates are none depends on the pictures


def check(run: Run) -> Iterator[Finding]:
    """Report pairs of copies with different labels."""
    pairs = [pair for pair in run.audit.duplicates if pair.across_classes] if run.audit else []
    if not pairs:
        return
    by_looks = all(pair.kind == "near duplicate" for pair in pairs)
    words = [f"{p.first.sample} ({p.first.label}) and {p.second.sample} ({p.second.label})" for p in pairs[:QUOTED]]
    have = "has" if len(pairs) == 1 else "have"
    message = f"{wording.plural(len(pairs), 'pair')} of copies {have} different labels, such as {wording.listed(words)}."
    yield Finding(
        title="Copies of one image have different labels",
        severity="warning",
        confidence=BY_LOOKS if by_looks else 1.0,
        basis="judged" if by_looks else "counted",
        message=message,
        evidence={"pairs": len(pairs), "examples": [[p.first.sample, p.second.sample] for p in pairs[:QUOTED]]},
        advice=[Advice(actions.CHECK_LABELS, message)],
    )
