"""The curves of a run as (name, epoch, value): what a tracker takes."""

from __future__ import annotations

from collections.abc import Iterator

from dermai_report.run import Run


def scalars(run: Run) -> Iterator[tuple[str, int, float]]:
    """train/loss, val/accuracy, … and lr (lr/0, lr/1, … of several groups), seconds; the test's loss and accuracy at its epoch."""
    for epoch in run.epochs:
        for split, metrics in (("train", epoch.train), ("val", epoch.val)):
            yield from ((f"{split}/{name}", epoch.epoch, value) for name, value in metrics.items())
        for number, rate in enumerate(epoch.lr):
            yield "lr" if len(epoch.lr) == 1 else f"lr/{number}", epoch.epoch, rate
        if epoch.seconds is not None:
            yield "seconds", epoch.epoch, epoch.seconds
    if run.test is not None:
        tested = run.test.epoch or (run.epochs[-1].epoch if run.epochs else 0)
        for name, value in (("loss", run.test.loss), ("accuracy", run.test.accuracy)):
            if value is not None:
                yield f"test/{name}", tested, value
