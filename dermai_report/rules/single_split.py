"""One split, one seed: the numbers of one run.

What it checks: whether the choice among several epochs rests on one validation set and one seed.

Why it matters: another split or seed moves accuracy by points in small data sets; differences between two single runs
below that are noise. Choosing the best of several epochs on one validation set adds optimism.

When it is wrong: with tens of thousands of validation images the spread between splits is small.

How sure: counted: it is read from the log and certain if the log is right.

Source: Bouthillier et al. 2021; Cawley and Talbot 2010 (over-fitting in model selection).
"""

from collections.abc import Iterator

from dermai_report import actions, measures, wording
from dermai_report.report import Advice, Finding
from dermai_report.run import Run

NEEDS = ("val.loss|val.accuracy",)
WORST = "info"
PLENTY = 10_000  # validation images: the standard error of an accuracy is then at most half a point


def check(run: Run, *, plenty: int = PLENTY) -> Iterator[Finding]:
    """Say that one run is one run, unless its validation set has `plenty` images."""
    best, n = measures.best_epoch(run), run.count("val")
    if best is None or len(run.epochs) < 2 or (n is not None and n >= plenty):
        return
    size = f"{n:,} validation images" if n is not None else "a validation set of unknown size"
    message = f"Epoch {best.epoch} was chosen among {len(run.epochs)} epochs on {size}, with one split and one run."
    optimism = measures.selection_optimism(run)
    if optimism is not None:
        message += f" Choosing it makes its validation accuracy look better by about {wording.points(max(optimism, 0.0), 1)}."
    yield Finding(
        title="One split, one run",
        severity="info",
        confidence=1.0,
        basis="counted",
        message=message,
        evidence={"epochs": len(run.epochs), "n_val": n, "selection_optimism": optimism},
        advice=[Advice(actions.CROSS_VALIDATION, message)],
    )
