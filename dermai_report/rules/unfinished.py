"""The run did not finish.

What it checks: the status of the run.

Why it matters: what is reported of such a run may change when it goes on.

When it is wrong: a run that was stopped on purpose is complete as far as it went.

How sure: counted: it is read from the log and certain if the log is right.
"""

from collections.abc import Iterator

from dermai_report import wording
from dermai_report.report import Finding
from dermai_report.run import Run

NEEDS = ()
WORST = "error"
WORDS = {"failed": "failed", "interrupted": "was interrupted", "running": "is still running"}


def check(run: Run) -> Iterator[Finding]:
    """Report a run that is not finished."""
    planned = run.config.get("epochs")
    done = len(run.epochs)
    if run.status in WORDS:
        plan = f" of {planned} planned" if isinstance(planned, int) else ""
        yield Finding(
            title=f"The run {WORDS[run.status]}",
            severity="error" if run.status == "failed" else "warning" if run.status == "interrupted" else "info",
            confidence=1.0,
            basis="counted",
            message=f"The run {WORDS[run.status]} after {wording.plural(done, 'epoch')}{plan}. {run.error or ''}".strip(),
            evidence={"status": run.status, "epochs": done},
        )
