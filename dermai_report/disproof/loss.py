"""The mean loss of the predictions of the final evaluation, on the same images.

When it is wrong: the best epoch was chosen on validation, which flatters its loss there in both runs; it flatters the one with more
epochs a little more.
"""

from __future__ import annotations

from collections.abc import Sequence

from dermai_report import measures
from dermai_report.disproof._measured import Measured, Pair
from dermai_report.disproof._paired import mean_difference, samples
from dermai_report.run import Run

LABEL = "{split} loss"


def measure(pairs: Sequence[Pair], split: str) -> Measured:
    """Paired by image; without predictions the two logged losses alone."""
    found = samples(pairs, split)
    if isinstance(found, str) or found.loss is None:
        why = found if isinstance(found, str) else "no probabilities were logged"
        before, now = (_mean([_logged(run, split) for run in side]) for side in zip(*pairs, strict=True))
        return Measured("nats", before, now, basis=f"no interval: {why}")
    return mean_difference(found, found.loss, "nats")


def _logged(run: Run, split: str) -> float | None:
    if split == "test":
        return run.test.loss if run.test else None
    best = measures.best_epoch(run)
    return best.val_loss if best else None


def _mean(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if len(known) == len(values) else None
