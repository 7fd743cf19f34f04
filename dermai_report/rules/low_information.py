"""Some images show little: tiny, of one grey, dark, bright, or blurred.

What it checks: the images that the audit called so, and how many of them are in each split.

Why it matters: a network learns nothing from them, or learns what came with them (a camera, a clinic); in a test nobody could
name what they show.

When it is wrong: a smooth surface without texture is called blurred when it is not. They are worth a look, and wrong only when a
person says so.

How sure: judged: what shows little was set by looking at a few hundred photographs.
"""

from collections import Counter
from collections.abc import Iterator

from dermai_report import actions, wording
from dermai_report.report import Advice, Finding
from dermai_report.run import Run

NEEDS = ("audit",)
WORST = "warning"
JUDGED = 0.7  # a judgement, which orders the findings: no measured frequency
MANY = 0.01  # of all images, from which on it is more than a stray file


def check(run: Run, *, many: float = MANY) -> Iterator[Finding]:
    """Report images that show little; from a share of `many` on it is a warning."""
    if run.audit is None or not run.audit.poor:
        return
    found, n = run.audit.poor, run.audit.n
    why = Counter(poor.why for poor in found)
    split = Counter(poor.image.split for poor in found)
    counted = wording.listed(f"{count:,} {word}" for word, count in why.most_common())
    message = (
        f"{len(found):,} of {wording.plural(n, 'image')} {'shows' if len(found) == 1 else 'show'} little ({counted}), such as "
        f"{wording.listed(poor.image.sample for poor in found[:3])}."
    )
    yield Finding(
        title="Images that show little",
        severity="warning" if len(found) >= many * n else "info",
        confidence=JUDGED,
        basis="judged",
        message=message,
        evidence={"images": len(found), "why": dict(why), "split": dict(split)},
        advice=[Advice(actions.LOOK_AT_IMAGES, message, support=min(1.0, len(found) / n / many))],
    )
