"""The same images stand in more than one split.

What it checks: pairs of identical images across splits, where the data facts of the run name them, and what the test
accuracy is without them.

Why it matters: a test image that was trained on is not a test; the score is too good by an amount nobody can see.

When it is wrong: identical files with different labels are a labelling error rather than leakage; near duplicates are
not in this count.
"""

from collections.abc import Iterator
from typing import Any

from dermai_report import actions, measures, wording
from dermai_report.report import Advice, Finding
from dermai_report.run import Run

NEEDS = ("duplicates",)
WORST = "error"


def check(run: Run) -> Iterator[Finding]:
    """Report shared images, with the test accuracy that is left without them."""
    shared = {splits: pairs for splits, pairs in (run.data.duplicates or {}).items() if pairs}
    if not shared:
        return
    counts = [f"{len(pairs):,} between {splits.replace('-', ' and ')}" for splits, pairs in shared.items()]
    pairs = max(shared.values(), key=len)
    message = f"Identical images in two splits: {wording.listed(counts)}; for example {pairs[0][0]} and {pairs[0][1]}."
    evidence: dict[str, Any] = {"pairs": {s: len(p) for s, p in shared.items()}, "example": list(pairs[0])}
    clean = measures.accuracy_without(run, {b for s, p in shared.items() if s.endswith("-test") for _, b in p})
    if clean is not None:
        message += (
            f" Without the shared images the test accuracy is {wording.percent(clean[0])} (95 % interval "
            f"{wording.percent_interval(clean[1])})."
        )
        evidence["test_accuracy_without"] = clean[0]
    yield Finding(
        title="Images are shared between splits",
        severity="error" if any("test" in s for s in shared) else "warning",
        confidence=0.99,
        message=message,
        evidence=evidence,
        advice=[Advice(actions.SPLIT_AGAIN, message)],
    )
