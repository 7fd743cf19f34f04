"""Some classes have far fewer training images than others.

What it checks: the ratio of the largest to the smallest class in the training set, and whether the run weighs or
resamples.

Why it matters: an unweighted loss learns the frequent classes; and a class with a handful of test images has no usable
score.

When it is wrong: easy classes need few images. A weighted loss makes the probabilities of rare classes too high, which
calibration shows.

How sure: counted, from the images of each class; whether it harms this model is not in the confidence.

Source: Buda, Maki, Mazurowski 2018 (effects from about 10 : 1 on).
"""

from collections.abc import Iterator

from dermai_report import actions, wording
from dermai_report.report import Advice, Finding
from dermai_report.run import Run

NEEDS = ("counts",)
WORST = "error"
RATIO = 10.0  # Buda et al.: the effect on a loss without weights is clear from here on


def check(run: Run, *, ratio: float = RATIO) -> Iterator[Finding]:
    """Report classes without training images, then an imbalance of `ratio` to 1 or more."""
    counts = {name: n for name, n in run.data.counts["train"].items() if n}
    empty = [name for name, n in run.data.counts["train"].items() if not n]
    if empty:
        yield Finding(
            title=f"No training images: {wording.listed(empty, 3)}",
            severity="error",
            confidence=1.0,
            basis="counted",
            message=f"Without a training image a class cannot be learned: {wording.listed(empty)}.",
            evidence={"classes": empty},
        )
    if len(counts) < 2:
        return
    (rare, least), (common, most) = (f(counts.items(), key=lambda pair: pair[1]) for f in (min, max))
    if most / least < ratio:
        return
    handled = bool(run.config.get("class_weights") or run.config.get("balanced_sampling"))
    message = f"{common} has {most:,} training images and {rare} {least:,}: {most / least:.0f} to 1. " + (
        "The run weighs or resamples the classes." if handled else "The run neither weighs nor resamples the classes."
    )
    yield Finding(
        title=f"Imbalanced classes, {most / least:.0f} to 1",
        severity="info" if handled else "warning",
        confidence=1.0,
        basis="counted",
        message=message,
        evidence={"largest": [common, most], "smallest": [rare, least], "weighted": handled},
        advice=[Advice(actions.BALANCE_CLASSES, f"{message} {wording.plural(len(counts), 'class', 'classes')} in all.")],
    )
