"""Classes were left out of this training.

What it checks: which classes the run says were set aside, with how many images, and what brings them back.

Why it matters: a model knows no other answers than its classes. An image of a class that was left out is taken for one of
them, often with high confidence, and no score here says how often: no such image was tested.

When it is wrong: never; where nothing is said to be left out, a class may still be missing that nobody collected.

How sure: counted: it is read from the log and certain if the log is right.
"""

from collections.abc import Iterator

from dermai_report import wording
from dermai_report.report import Finding
from dermai_report.run import Run

NEEDS = ("counts|excluded",)
WORST = "info"


def check(run: Run) -> Iterator[Finding]:
    """Name the classes that were set aside."""
    excluded = {name: sum(splits.values()) for name, splits in run.data.excluded.items()}
    if not excluded:
        return
    named = wording.listed([f"{name} ({wording.plural(n, 'image')})" for name, n in excluded.items()])
    back = {run.data.restore[name]: None for name in excluded if name in run.data.restore}
    message = (
        f"Not trained and not tested on: {named}. An image of {'it' if len(excluded) == 1 else 'one of them'} is taken for another "
        "class, and how often cannot be told from this run."
    )
    if back:
        message += f" To bring {'it' if len(excluded) == 1 else 'them'} back: {wording.listed(back, 3)}."
    yield Finding(
        title=f"Left out: {wording.listed(excluded, 4)}",
        severity="info",
        confidence=1.0,
        basis="counted",
        message=message,
        evidence={"classes": list(excluded), "images": list(excluded.values())},
    )
