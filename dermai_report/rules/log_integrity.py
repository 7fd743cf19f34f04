"""The log is not whole, or its numbers cannot be what they are called.

What it checks: epochs that are missing or stand twice, accuracies outside 0 to 1 (percent taken for a fraction), losses
below 0.

Why it matters: a missing epoch may have been the best, and a number in another unit makes every comparison wrong.

When it is wrong: some losses (a margin loss, a log-density) are negative by nature.

How sure: counted for epochs; judged for numbers that no cross-entropy or accuracy has.
"""

from collections.abc import Iterator
from itertools import pairwise

from dermai_report import wording
from dermai_report.report import Finding
from dermai_report.run import Run

NEEDS = ()
WORST = "error"
ROUNDING = 1e-5  # a mean of float32 ones may end just above 1


def check(run: Run) -> Iterator[Finding]:
    """Report missing epochs, then impossible numbers."""
    numbers = [0, *sorted(e.epoch for e in run.epochs)]
    gaps = [(a + 1, b - 1) for a, b in pairwise(numbers) if b > a + 1]
    if gaps:
        lost = sum(b - a + 1 for a, b in gaps)
        words = wording.listed([str(a) if a == b else f"{a} to {b}" for a, b in gaps], 5)
        yield Finding(
            title="Epochs are missing from the log",
            severity="warning",
            confidence=1.0,
            basis="counted",
            message=f"{wording.plural(lost, 'epoch')} missing: {words}. One may have been the best.",
            evidence={"missing": gaps[:20]},
        )
    twice = [note for note in run.notes if "more than once" in note]
    if twice:
        yield Finding(
            title="Epochs were logged more than once",
            severity="warning",
            confidence=1.0,
            basis="counted",
            message=f"{twice[0]} The run may have been resumed, or two runs wrote one log.",
            evidence={"repeated": len(twice)},
        )
    yield from _impossible(run)


def _impossible(run: Run) -> Iterator[Finding]:
    for e in run.epochs:
        for split, metrics in (("train", e.train), ("val", e.val)):
            accuracy, loss = metrics.get("accuracy"), metrics.get("loss")
            wrong = []
            if accuracy is not None and not 0 <= accuracy <= 1 + ROUNDING:
                wrong.append(f"accuracy {accuracy:g} is no fraction between 0 and 1 (percent?)")
            if loss is not None and loss < 0:
                wrong.append(f"loss {loss:g} is below 0, which no cross-entropy is")
            if wrong:
                yield Finding(
                    title="A number in the log cannot be what it is called",
                    severity="error",
                    confidence=0.95,
                    basis="judged",
                    message=f"Epoch {e.epoch} ({e.at or 'log'}), {split}: {' and '.join(wrong)}.",
                    evidence={"epoch": e.epoch, "split": split},
                )
                return
