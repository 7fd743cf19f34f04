"""What is done about a troubled run: the first recommendation, a random action, the first of a fixed list, or nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from dermai_report import actions, learning_rates
from dermai_report.recommend import status
from dermai_report.report import Action, Recommendation
from dermai_report.run import Run

# The list that came with the published run, in its order, as far as a configuration can carry it out.
PUBLISHED = (
    "unfreeze-gradually",
    "early-stopping",
    "cosine-schedule",
    "warm-restarts",
    "dropout",
    "weight-decay",
    "stronger-augmentation",
    "mixup-cutmix",
    "label-smoothing",
    "balance-classes",
    "test-time-augmentation",
)
ARMS = ("first", "random", "fixed")


class Choice(NamedTuple):
    """An action with its patch; place: where it stood in the report's list, from 1; without an action nothing is done."""

    action: str | None
    patch: dict[str, Any]
    place: int | None = None


def choices(run: Run, recommendations: Sequence[Recommendation], place: str) -> dict[str, Choice]:
    """What each arm does about this run; `place` names its case and seed, which the random action is drawn by."""
    all_that_apply = applicable(run)
    names = sorted(all_that_apply)
    drawn = names[np.random.default_rng(list(place.encode())).integers(len(names))]
    fixed = next(name for name in PUBLISHED if name in all_that_apply)
    return {
        "first": first(recommendations),
        "random": Choice(drawn, all_that_apply[drawn]),
        "fixed": Choice(fixed, all_that_apply[fixed]),
    }


def first(recommendations: Sequence[Recommendation]) -> Choice:
    """The first that is suggested and that a configuration can carry out; what stands before it is for a person to do."""
    suggested = [r for r in recommendations if r.status == "suggested"]
    found = next((r for r in suggested if r.patch), None)
    return Choice(found.action, dict(found.patch), suggested.index(found) + 1) if found else Choice(None, {})


def applicable(run: Run) -> Mapping[str, dict[str, Any]]:
    """Every known action that a configuration can carry out and this run has not, by name: its patch. No diagnosis asked."""
    known = [a for a in vars(actions).values() if isinstance(a, Action)]
    fitted = [_fitted(run, action) for action in known if action.id != actions.FIX_SEED.id]  # another seed is no change
    return {a.id: dict(a.patch) for a in fitted if a.patch and status(run, a)[0] == "suggested"}


def _fitted(run: Run, action: Action) -> Action:
    if action.id == actions.LOWER_LR.id:
        return learning_rates.lower_rate(run)
    return actions.at(action, epochs=2 * len(run.epochs)) if action.id == actions.TRAIN_LONGER.id else action
