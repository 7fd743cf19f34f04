"""Images of which a copy is in another split, and what the test accuracy is without them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dermai_report.audit import Audit
from dermai_report.measures.groups import effective_size, group_codes
from dermai_report.measures.intervals import wilson
from dermai_report.report import WithoutLeaked
from dermai_report.run import Data, Run


class Leak(NamedTuple):
    """Two copies in two splits, by their paths, the earlier split first; near: not the same bytes."""

    first: str
    second: str
    near: bool


def leaks(data: Data, audit: Audit | None) -> dict[str, list[Leak]]:
    """The copies across splits, by the splits ("train-test"): of the audit, else the files with the same content."""
    if audit is None:
        same = data.duplicates or {}
        return {splits: [Leak(a, b, near=False) for a, b in pairs] for splits, pairs in same.items() if pairs}
    found: dict[str, list[Leak]] = {}
    for pair in audit.across_splits():
        splits = f"{pair.first.split}-{pair.second.split}"
        found.setdefault(splits, []).append(Leak(pair.first.sample, pair.second.sample, pair.kind == "near duplicate"))
    return found


def leaked_tests(run: Run) -> set[str]:
    """The test images of which a copy is in training or validation."""
    return {leak.second for splits, pairs in leaks(run.data, run.audit).items() if splits.endswith("-test") for leak in pairs}


def grouped_tests(run: Run) -> set[str]:
    """The test images whose group (patient) has images in another split too, where the predictions name their groups."""
    outcome = run.predictions.get("test")
    several = {g for splits, groups in (run.data.straddling or {}).items() if splits.endswith("-test") for g in groups}
    if outcome is None or outcome.group is None:
        return set()
    return {sample for sample, group in zip(outcome.sample, outcome.group, strict=True) if group in several}


def without(run: Run, samples: set[str]) -> WithoutLeaked | None:
    """The test accuracy, with its 95 % interval, without these samples; None where none of them was tested or none is left."""
    outcome = run.predictions.get("test")
    if outcome is None or not samples:
        return None
    kept = np.array([name not in samples for name in outcome.sample], dtype=bool)
    n = int(kept.sum())
    if n in (0, len(kept)):
        return None
    right, codes = (outcome.label == outcome.predicted)[kept], group_codes(outcome)
    size = effective_size(right, None if codes is None else codes[kept])
    accuracy = float(right.mean())
    return WithoutLeaked(leaked=len(kept) - n, n=n, accuracy=accuracy, accuracy_ci95=wilson(accuracy * size, size))
