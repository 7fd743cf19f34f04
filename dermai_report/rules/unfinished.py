"""The run did not finish, or its log is not whole.

What it checks: the status of the run, and gaps in the numbering of its epochs.

Why it matters: what is reported of such a run may change when it goes on; a missing epoch may have been the best.

When it is wrong: a run that was stopped on purpose is complete as far as it went.
"""

from collections.abc import Iterator

from dermai_report import wording
from dermai_report.report import Finding
from dermai_report.run import Run

NEEDS = ()
WORDS = {"failed": "failed", "interrupted": "was interrupted", "running": "is still running"}


def check(run: Run) -> Iterator[Finding]:
    """Report an unfinished run, then missing epochs."""
    planned = run.config.get("epochs")
    done = len(run.epochs)
    if run.status in WORDS:
        plan = f" of {planned} planned" if isinstance(planned, int) else ""
        yield Finding(
            title=f"The run {WORDS[run.status]}",
            severity="error" if run.status == "failed" else "warning" if run.status == "interrupted" else "info",
            confidence=0.99,
            message=f"The run {WORDS[run.status]} after {done}{plan} epochs. {run.error or ''}".strip(),
            evidence={"status": run.status, "epochs": done},
        )
    numbers = {e.epoch for e in run.epochs}
    absent = sorted(set(range(1, max(numbers, default=0) + 1)) - numbers)
    if absent:
        yield Finding(
            title="Epochs are missing from the log",
            severity="warning",
            confidence=0.99,
            message=f"{wording.plural(len(absent), 'epoch')} missing: {wording.epoch_ranges(absent)}. "
            "One may have been the best.",
            evidence={"missing": absent[:100]},
        )
