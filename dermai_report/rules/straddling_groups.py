"""Images of one group (patient, lesion, source image) stand in more than one split.

What it checks: groups with images in two or three splits, where groups are known (--group-regex, --group-column, a column group),
and what the test accuracy is without the test images of such groups.

Why it matters: images of one patient are alike in skin, light and camera; a model that has seen one recognises the next.
The test then says how well it does on known patients, not on new ones.

When it is wrong: when the pattern that names the groups takes for a group what is none (a camera, a day).

How sure: counted, from the groups as they were named.
"""

from collections.abc import Iterator
from typing import Any

from dermai_report import actions, measures, wording
from dermai_report.report import Advice, Finding
from dermai_report.run import Run

NEEDS = ("groups",)
WORST = "error"
QUOTED = 3


def check(run: Run) -> Iterator[Finding]:
    """Report straddling groups, with the test accuracy that is left without them."""
    found = run.data.straddling or {}
    if not found:
        return
    several = sorted({group for groups in found.values() for group in groups})
    counts = [f"{len(groups):,} in {splits.replace('-', ' and ')}" for splits, groups in found.items()]
    message = f"Groups with images in two splits: {wording.listed(counts)}, such as {wording.listed(several[:QUOTED])}."
    evidence: dict[str, Any] = {"groups": {splits: len(groups) for splits, groups in found.items()}}
    clean = measures.without(run, measures.grouped_tests(run))
    if clean is not None:
        message += (
            f" Without the {wording.plural(clean.leaked, 'test image')} of such groups the accuracy is "
            f"{wording.percent(clean.accuracy)} of {clean.n:,} (95 % interval {wording.percent_interval(clean.accuracy_ci95)})."
        )
        evidence["test_accuracy_without"] = clean.accuracy
    yield Finding(
        title="Groups are on both sides of a split",
        severity="error" if any("test" in splits for splits in found) else "warning",
        confidence=1.0,
        basis="counted",
        message=message,
        evidence=evidence,
        advice=[Advice(actions.SPLIT_BY_GROUP, message)],
    )
