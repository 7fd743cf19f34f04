"""The probabilities cannot be taken at their word.

What it checks: whether the expected calibration error on the test set is larger than a perfectly calibrated model would
show by chance with as many samples, and whether the confidence is too high or too low.

Why it matters: a probability shown to a clinician must mean what it says; thresholds for referral rest on it.

When it is wrong: the error in one number hides where it sits; see the reliability diagram. A class-weighted loss shifts
the probabilities by design.

Source: Naeini et al. 2015; Guo et al. 2017; Broecker and Smith 2007 (what chance does to a reliability diagram).
"""

from collections.abc import Iterator

from dermai_report import actions, measures, wording
from dermai_report.report import Advice, Finding
from dermai_report.run import Run

NEEDS = ("test.probabilities",)
MATTERS = 0.02  # under two points the size of the error has no practical weight, however sure it is


def check(run: Run) -> Iterator[Finding]:
    """Report an expected calibration error beyond chance and beyond two points."""
    c = measures.calibration(run)
    if c is None or c.ece is None or c.ece_by_chance is None or c.ece <= max(c.ece_by_chance, MATTERS):
        return
    too_high = (c.overconfidence or 0) > 0
    message = (
        f"The expected calibration error is {wording.points(c.ece, 1)}; a perfectly calibrated model would stay below "
        f"{wording.points(c.ece_by_chance, 1)} in 95 of 100 test sets of this size. The model is "
        f"{'over' if too_high else 'under'}confident: its mean confidence is {wording.points(abs(c.overconfidence or 0), 1)} "
        f"{'above' if too_high else 'below'} its accuracy."
    )
    advice = [Advice(actions.TEMPERATURE, _fitted(message, c.temperature))]
    if too_high:
        advice += [Advice(actions.LABEL_SMOOTHING, message), Advice(actions.MIX, message)]
    yield Finding(
        title="Overconfident probabilities" if too_high else "Underconfident probabilities",
        severity="warning",
        confidence=0.95,
        message=message,
        evidence={"ece": c.ece, "ece_by_chance": c.ece_by_chance, "temperature": c.temperature},
        advice=advice,
    )


def _fitted(message: str, temperature: float | None) -> str:
    if temperature is None:
        return f"{message} Log validation probabilities to fit a temperature."
    return f"{message} The temperature that the validation set asks for is {temperature:.2f}."
