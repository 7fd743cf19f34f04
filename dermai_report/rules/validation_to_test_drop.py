"""The test accuracy is below the validation accuracy: is the drop real?

What it checks: the difference in accuracy of the same model on both sets, with an interval, given how many samples each
has.

Why it matters: a drop beyond chance means that the validation set flatters the model: it was chosen by it, its images
resemble the training images, or the test images come from elsewhere.

When it is wrong: where no groups are logged, several images of one patient pass for independent. Choosing the best of
several epochs makes the validation number too good; without the validation samples of each epoch only the most that it
can have added is known, and a real drop below that is not reported.

How sure: calibrated, by simulation, where the drop is beyond what sampling and the choice of the epoch explain; else
.5, judged: it cannot be told.

Source: Newcombe 1998, method 10, for the interval of a difference of proportions.
"""

from collections.abc import Iterator

from dermai_report import actions, measures, wording
from dermai_report.report import Advice, Finding, Generalization
from dermai_report.run import Run

NEEDS = ("val.accuracy", "test.accuracy")
WORST = "warning"


def check(run: Run) -> Iterator[Finding]:
    """Report a drop, or a rise beyond chance, with what is known of its significance."""
    g = measures.generalization(run)
    if g.drop is None or g.drop == 0 or (g.significant is not True and g.drop < 0) or g.significant is False:
        return
    over = measures.averaged(run)
    who = f"The mean of the predictions over {' and '.join(over)}" if over else f"The model of epoch {g.epoch}"
    base = (
        f"{who} has {wording.percent(g.val_accuracy)} accuracy on validation and "
        f"{wording.percent(g.test_accuracy)} on test: a {'drop' if g.drop > 0 else 'rise'} of {wording.points(abs(g.drop))}"
    )
    message = f"{base}{_judgement(g)}"
    advice = [Advice(actions.TEST_TIME_AUGMENTATION, f"{base}.", 0.5), Advice(actions.CROSS_VALIDATION, f"{base}.")]
    if g.significant is None:
        advice.insert(0, Advice(actions.LOG_PREDICTIONS, message))
    if g.drop < 0:
        advice = []
    yield Finding(
        title=_title(g),
        severity="warning" if g.significant else "info",
        confidence=0.95 if g.significant else 0.5,
        basis="calibrated" if g.significant else "judged",
        message=message,
        evidence={
            "drop": g.drop,
            "ci95": g.drop_ci95,
            "corrected_ci95": g.corrected_ci95,
            "n_val": g.n_val,
            "n_test": g.n_test,
            "n_needed": g.n_needed,
        },
        advice=advice,
    )


def _title(g: Generalization) -> str:
    if g.drop is not None and g.drop < 0:
        return "The test accuracy is above validation"
    return "The test accuracy drops below validation" + ("" if g.significant else "; whether by chance cannot be told")


def _judgement(g: Generalization) -> str:
    if g.significant is None:
        needed = (
            f"; with fewer than about {g.n_needed:,} in each set this drop could not be told from chance" if g.n_needed else ""
        )
        return f". Whether that is chance depends on the number of samples of both sets, which was not logged{needed}."
    text = f" (95 % interval {wording.points_interval(g.drop_ci95)}), beyond what sampling explains."
    if g.corrected_ci95 is not None and g.parts.selection is not None:
        text += (
            f" Choosing the best epoch explains about {wording.points(max(g.parts.selection, 0.0), 1)} of it; without that, "
            f"the interval is {wording.points_interval(g.corrected_ci95)}."
        )
    elif g.optimism_at_most:
        text += f" Choosing the best epoch can explain at most {wording.points(g.optimism_at_most, 1)} of it."
    if g.drop is not None and g.drop < 0:
        return f"{text} Possible causes: an easier test set, or test images that were trained on."
    return f"{text} Possible causes: images alike in training and validation, or a test set from elsewhere."
