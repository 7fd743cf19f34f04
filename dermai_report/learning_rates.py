"""The learning rate of a run beside what is usual, and the action that lowers it."""

from __future__ import annotations

import msgspec

from dermai_report import actions
from dermai_report.report import Action
from dermai_report.run import Run

ADAPTIVE = ("adam", "adamw")
USUAL_RATE = 0.001  # of Adam: Kingma and Ba 2015
FAR_TOO_HIGH = 0.9  # the effect of going back to it, judged: nothing else is worth trying before
MUCH = 5.0  # times the usual rate: beyond it a third of the rate is still far too high


def lower_rate(run: Run, by: float = 3.0) -> Action:
    """`actions.LOWER_LR` with a patch that fits the run: its configured or first logged rate, divided; without either, no patch.

    A rate far above what is usual for Adam goes back to that, as steps of a third would take several runs.
    """
    rate = configured_rate(run)
    if rate is None:
        rate = next((e.lr[0] for e in run.epochs if e.lr and e.lr[0] > 0), None)
    if rate is None:
        return actions.LOWER_LR
    if times_usual(run) > MUCH:
        return msgspec.structs.replace(actions.LOWER_LR, patch={"lr": USUAL_RATE}, effect=FAR_TOO_HIGH)
    return actions.at(actions.LOWER_LR, lr=float(f"{rate / by:.1g}"))


def configured_rate(run: Run) -> float | None:
    """The learning rate in the run's configuration, where it has one above 0."""
    rate = run.config.get("lr")
    return float(rate) if isinstance(rate, int | float) and not isinstance(rate, bool) and rate > 0 else None


def times_usual(run: Run) -> float:
    """How many times the usual rate of Adam the configured one is; 0 for other optimizers, or when it is not known."""
    rate = configured_rate(run)
    return rate / USUAL_RATE if rate is not None and run.config.get("optimizer") in ADAPTIVE else 0.0
