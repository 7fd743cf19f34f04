"""The checkpoint that was saved, or tested, is not that of the best epoch.

What it checks: the epoch of the checkpoint called "best", and that of the test evaluation, against the epoch with the
lowest validation loss.

Why it matters: the file that is shipped, or the score that is reported, belongs to another model than the one the log
calls best.

When it is wrong: a run may choose by another metric on purpose; then the message names it and the finding is only a
note.

How sure: counted: it is read from the log and certain if the log is right.
"""

from collections.abc import Iterator

from dermai_report import actions, measures
from dermai_report.report import Advice, Finding
from dermai_report.run import Run

NEEDS = ("val.loss|val.accuracy",)
WORST = "error"


def check(run: Run) -> Iterator[Finding]:
    """Compare what was saved and tested with the best epoch."""
    best, saved = measures.best_epoch(run), run.checkpoints.get("best")
    if best is None:
        return
    wrong = []
    if saved is not None and saved.epoch not in (None, best.epoch):
        wrong.append(f"the checkpoint {saved.file} holds epoch {saved.epoch}")
    if run.test is not None and run.test.epoch not in (None, best.epoch):
        wrong.append(f"the test evaluation is of epoch {run.test.epoch}")
    if not wrong:
        return
    chosen = saved.by if saved is not None else None
    on_purpose = chosen not in (None, best.by)
    message = f"The best epoch by {best.by} is {best.epoch}, but {' and '.join(wrong)}"
    message += f"; the run chose by {chosen}." if on_purpose else "."
    yield Finding(
        title="What was saved is not the best epoch",
        severity="info" if on_purpose else "error",
        confidence=1.0,
        basis="counted",
        message=message,
        evidence={"best_epoch": best.epoch, "saved": saved.epoch if saved else None, "by": chosen},
        advice=[] if on_purpose else [Advice(actions.SHIP_BEST, message)],
    )
