"""The probabilities cannot be taken at their word.

What it checks: whether the expected calibration error on the test set is larger than a perfectly calibrated model would
show by chance with as many samples, and whether the confidence is too high or too low.

Why it matters: a probability shown to a clinician must mean what it says; thresholds for referral rest on it.

When it is wrong: the error in one number hides where it sits; see the reliability diagram. A class-weighted loss shifts
the probabilities by design.

How sure: calibrated: from the p-value at even odds, which p = .05 leaves as they are (Vovk and Wang 2021), and checked by
simulation.

Source: Naeini et al. 2015; Guo et al. 2017; Broecker and Smith 2007 (what chance does to a reliability diagram).
"""

from collections.abc import Iterator

from dermai_report import actions, measures, wording
from dermai_report.report import Advice, Calibration, Finding
from dermai_report.run import Run

NEEDS = ("test.probabilities",)
WORST = "warning"
MATTERS = 0.02  # under two points the size of the error has no practical weight, however sure it is


def check(run: Run, *, matters: float = MATTERS) -> Iterator[Finding]:
    """Report an expected calibration error beyond chance and beyond `matters` (a fraction)."""
    c = measures.calibration(run)
    if c is None or c.ece is None or c.ece_by_chance is None or c.ece <= max(c.ece_by_chance, matters):
        return
    excess, error = c.overconfidence or 0.0, c.overconfidence_error or 0.0
    side = "over" if excess > 2 * error else "under" if excess < -2 * error else "mis"
    words = {
        "over": f"The model is overconfident: its mean confidence is {wording.points(excess, 1)} above its accuracy.",
        "under": f"The model is underconfident: its mean confidence is {wording.points(-excess, 1)} below its accuracy.",
        "mis": "Too high and too low confidence balance on average; the reliability diagram shows where.",
    }
    message = (
        f"The expected calibration error is {wording.points(c.ece, 1)}; a perfectly calibrated model would stay below "
        f"{wording.points(c.ece_by_chance, 1)} in 95 of 100 test sets of this size. {words[side]}"
    )
    why = f"{message} The probabilities have the temperature of the validation set in them." if measures.cooled(run) else ""
    advice = [Advice(actions.TEMPERATURE, why or _fitted(message, c))]
    if side == "over":
        advice += [Advice(actions.LABEL_SMOOTHING, message), Advice(actions.MIX, message, 0.5)]
    yield Finding(
        title={"over": "Overconfident", "under": "Underconfident", "mis": "Miscalibrated"}[side] + " probabilities",
        severity="warning",
        confidence=measures.evidence(c.ece_p or 0.0),
        basis="calibrated",
        message=message,
        evidence={
            "ece": c.ece,
            "ece_ci95": c.ece_ci95,
            "ece_by_chance": c.ece_by_chance,
            "p": c.ece_p,
            "temperature": c.temperature,
        },
        advice=advice,
    )


def _fitted(message: str, c: Calibration) -> str:
    if c.temperature is None:
        return f"{message} No temperature could be fitted: that takes validation probabilities with at least five errors."
    effect = f"; with it the test NLL goes from {wording.nats(c.nll)} to {wording.nats(c.nll_with_temperature)}"
    if c.temperature_gain_ci95 is not None:
        low, high = (wording.nats(v) for v in c.temperature_gain_ci95)
        effect += f" (95 % interval of what it saves: {low} to {high})"
    return f"{message} The temperature that the validation set asks for is {c.temperature:.2f}{effect}."
