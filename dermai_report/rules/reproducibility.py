"""The run cannot be repeated exactly from what was logged.

What it checks: whether the seed, the code's revision and a clean working tree, and the starting weights are on record.

Why it matters: a result that cannot be repeated cannot be compared with the next one.

When it is wrong: a revision may be recorded elsewhere.

How sure: counted: it is read from the log and certain if the log is right.
"""

from collections.abc import Iterator

from dermai_report import actions, wording
from dermai_report.report import Advice, Finding
from dermai_report.run import Run

NEEDS = ()
WORST = "info"


def check(run: Run) -> Iterator[Finding]:
    """Report what is missing for repeating the run."""
    lacks = []
    if run.seed is None:
        lacks.append("no seed was logged")
    if not run.git.get("revision"):
        lacks.append("no code revision was logged")
    elif run.git.get("dirty"):
        lacks.append("the code had uncommitted changes")
    if not run.config.get("weights"):
        lacks.append("the starting weights are unknown")
    if not lacks:
        return
    message = f"{wording.listed(lacks).capitalize()}."
    advice = [Advice(actions.FIX_SEED, message)] if run.seed is None else []
    yield Finding(
        title="Not fully reproducible",
        severity="info",
        confidence=1.0,
        basis="counted",
        message=message,
        evidence={"missing": lacks},
        advice=advice,
    )
