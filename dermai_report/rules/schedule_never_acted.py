"""The learning rate never fell: the plateau schedule had no occasion to act.

What it checks: a plateau schedule is configured, and either the logged learning rate is constant or, where none was
logged, no spell without improvement was longer than its patience.

Why it matters: a learning rate that never falls leaves the weights moving around the minimum; lowering it is often
worth some points.

When it is wrong: the runner's threshold for "improvement" may differ from "any lower validation loss" assumed here.

How sure: counted where learning rates were logged; else calibrated, by simulated runs of torch's schedule at its
default threshold.

Source: the rule of torch's ReduceLROnPlateau: it acts in the epoch after `patience` epochs without improvement.
"""

import math
from collections.abc import Iterator

from dermai_report import actions, wording
from dermai_report.report import Advice, Finding
from dermai_report.run import Run

NEEDS = ("config", "val.loss")
WORST = "info"
INFERRED = 0.95  # without logged rates; of simulated findings .98 were right, at the default threshold of the schedule


def check(run: Run) -> Iterator[Finding]:
    """Report a plateau schedule that did nothing in the whole run."""
    patience = run.config.get("plateau_patience")
    if run.config.get("schedule") != "plateau" or not isinstance(patience, int) or len(run.epochs) < patience + 2:
        return
    rates = [e.lr[0] for e in run.epochs if e.lr]
    spell = longest_spell(run.series("val", "loss"))
    if (rates and len(set(rates)) > 1) or (not rates and spell > patience):
        return
    message = (
        f"The longest spell without a new lowest validation loss was {wording.plural(spell, 'epoch')}, and the plateau schedule waits "
        f"for more than {patience}"
    )
    if rates:
        message += f"; the logged learning rate is {rates[0]:g} in all {len(run.epochs)} epochs."
    else:
        message += ": as configured it would not have acted. No learning rate was logged to confirm it."
    yield Finding(
        title="The learning rate never fell",
        severity="info",
        confidence=1.0 if rates else INFERRED,
        basis="counted" if rates else "calibrated",
        message=message,
        evidence={"longest_spell": spell, "patience": patience, "rates": sorted(set(rates))},
        advice=[Advice(actions.COSINE, message), Advice(actions.WARM_RESTARTS, message)],
    )


def longest_spell(losses: tuple[float, ...]) -> int:
    """The most epochs in a row without a new lowest loss."""
    best, spell, longest = math.inf, 0, 0
    for loss in losses:
        spell = 0 if loss < best else spell + 1
        best = min(best, loss) if math.isfinite(loss) else best
        longest = max(longest, spell)
    return longest
