"""The same images stand in more than one split.

What it checks: copies across splits, as the audit of the images found them (the same bytes, or recompressed, resized,
cropped, mirrored, relit), or files with the same content where there was no audit; and what the test accuracy is without
the test images that have a copy elsewhere.

Why it matters: a test image that was trained on is not a test; the score is too good by an amount nobody can see.

When it is wrong: copies with different labels are a labelling error rather than leakage. A near duplicate is found by its
looks: of those found among 20,000 images with planted copies, 1 to 2 in 100 were two pictures. Without an audit only the same
bytes are counted.

How sure: counted for exact copies; judged where all are near duplicates.
"""

from collections.abc import Iterator
from typing import Any

from dermai_report import actions, measures, wording
from dermai_report.report import Advice, Finding
from dermai_report.run import Run

NEEDS = ("duplicates",)
WORST = "error"
QUOTED = 3
BY_LOOKS = 0.95  # a judgement: how often near duplicates are none depends on the pictures


def check(run: Run) -> Iterator[Finding]:
    """Report shared images, with the test accuracy that is left without them."""
    shared = measures.leaks(run.data, run.audit)
    if not shared:
        return
    near = [leak for pairs in shared.values() for leak in pairs if leak.near]
    total = sum(map(len, shared.values()))
    counts = [f"{len(pairs):,} between {splits.replace('-', ' and ')}" for splits, pairs in shared.items()]
    kinds = f" ({len(near):,} of them near duplicates)" if near else ""
    largest = max(shared, key=lambda splits: len(shared[splits]))
    pairs = sorted(shared[largest], key=lambda leak: leak.near)[:QUOTED]
    quoted = wording.listed(f"{leak.first} and {leak.second}" for leak in pairs)
    least = "at least " if run.audit is not None and run.audit.crowded else ""
    message = f"Copies in two splits: {least}{wording.listed(counts)}{kinds}; for example {quoted}."
    evidence: dict[str, Any] = {"pairs": {s: len(p) for s, p in shared.items()}, "near": len(near)}
    evidence["examples"] = [[leak.first, leak.second] for leak in pairs]
    clean = measures.without(run, measures.leaked_tests(run))
    if clean is not None:
        message += (
            f" Without the {wording.plural(clean.leaked, 'test image')} that have a copy elsewhere the accuracy is "
            f"{wording.percent(clean.accuracy)} of {clean.n:,} (95 % interval {wording.percent_interval(clean.accuracy_ci95)})."
        )
        evidence["test_accuracy_without"] = clean.accuracy
    yield Finding(
        title="Images are shared between splits",
        severity="error" if any("test" in s for s in shared) else "warning",
        confidence=BY_LOOKS if len(near) == total else 1.0,
        basis="judged" if len(near) == total else "counted",
        message=message,
        evidence=evidence,
        advice=[Advice(actions.SPLIT_AGAIN, message)],
    )
