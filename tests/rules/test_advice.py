"""What the rules advise, all together: every action can be reached, every patch can be applied, and nothing is left without a why."""

import functools

import pytest

from dermai_report import actions, diagnose, read_run
from dermai_report.report import Action, Recommendation
from dermai_report.train.config import TrainConfig
from tests import builders
from tests.rules.test_rules import CASES

KNOWN = {a.id for a in vars(actions).values() if isinstance(a, Action)}
FAMILIES = {
    "early-stopping", "unfreeze-gradually", "cosine-schedule", "dropout", "weight-decay", "stronger-augmentation",
    "mixup-cutmix", "label-smoothing", "test-time-augmentation", "cross-validation", "look-at-confusions", "count-classes",
    "average-weights",
}  # fmt: skip

ABSENCES = {"no_test_predictions", "reproducibility"}  # what is missing has no number


@functools.cache
def advised() -> dict[str, list[Recommendation]]:
    """The recommendations of each rule's triggering run."""
    return {rule: diagnose(runs[0]).recommendations for rule, runs in CASES.items()}


def test_every_action_is_reached_by_some_run() -> None:
    reached = {
        r.action for found in (*advised().values(), diagnose(read_run(builders.PUBLISHED)).recommendations) for r in found
    }
    assert reached == KNOWN


def test_every_family_reaches_the_published_run() -> None:
    assert {r.action for r in diagnose(read_run(builders.PUBLISHED)).recommendations} >= FAMILIES


@pytest.mark.parametrize("rule", sorted(CASES))
def test_advice_is_whole(rule: str) -> None:
    for r in advised()[rule]:
        assert set(TrainConfig.checked(r.patch)) == set(r.patch)  # a wrong key or value would raise; some actions have no key
        assert r.why
        assert r.disproof
        assert set(r.rules) <= ABSENCES or any(letter.isdigit() for why in r.why for letter in why), r.why
        assert (r.priority is None) == (r.status != "suggested")
        assert bool(r.reason) == (r.status != "suggested")
