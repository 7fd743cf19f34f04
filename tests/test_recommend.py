"""Merging and ranking advice."""

from typing import Any

import pytest

from dermai_report.actions import DROPOUT, EARLY_STOPPING, at
from dermai_report.recommend import recommend
from dermai_report.report import Action, Advice, Finding
from dermai_report.run import Data
from tests import builders


def finding(rule: str, confidence: float, *actions: Action) -> Finding:
    advice = [Advice(a, f"{rule} says so, 1 of 2.") for a in actions]
    return Finding(
        title=rule,
        severity="info",
        confidence=confidence,
        basis="calibrated",
        message=rule,
        evidence={},
        rule=rule,
        advice=advice,
    )


def test_same_action_is_merged_with_both_reasons() -> None:
    (r,) = recommend(builders.run(), [finding("a", 0.5, DROPOUT), finding("b", 0.5, DROPOUT)])
    assert r.rules == ["a", "b"]
    assert len(r.why) == 2
    assert r.strength == round(0.75 * DROPOUT.effect, 4)


def test_stronger_evidence_ranks_first() -> None:
    strong, weak = Action("x", "X", {}, "-", effect=0.3), Action("y", "Y", {}, "-", effect=0.3)
    order = recommend(builders.run(), [finding("a", 0.2, strong), finding("b", 0.9, weak)])
    assert [(r.action, r.priority) for r in order] == [("y", 1), ("x", 2)]


def test_already_on_by_switch_or_by_whole_patch() -> None:
    found = [finding("a", 0.5, EARLY_STOPPING, at(DROPOUT, lr=0.1))]
    on = recommend(builders.run(config={"early_stopping": 7, "dropout": 0.0}), found)
    assert {r.action: r.status for r in on} == {"early-stopping": "already_on", "dropout": "suggested"}
    assert "early_stopping = 7" in next(r.reason for r in on if r.status == "already_on")
    plain = Action("cosine", "C", {"schedule": "cosine", "warmup_epochs": 1}, "-")
    (half,) = recommend(builders.run(config={"schedule": "cosine"}), [finding("a", 0.5, plain)])
    (full,) = recommend(builders.run(config=plain.patch), [finding("a", 0.5, plain)])
    assert (half.status, full.status) == ("suggested", "already_on")


def test_an_action_whose_key_is_at_its_off_value_is_not_on() -> None:
    views = Action("views", "V", {"tta": 2}, "-", on=("tta",), off=1)
    for value, status in ((None, "suggested"), (1, "suggested"), (2, "already_on"), (8, "already_on"), (True, "already_on")):
        (found,) = recommend(builders.run(config={"tta": value}), [finding("a", 0.5, views)])
        assert found.status == status


def test_the_effect_is_that_of_a_training_of_so_many_steps() -> None:
    action = Action("x", "X", {}, "-", effect=0.5, effect_when_short=0.1)

    def strength(**run: Any) -> float:
        (found,) = recommend(builders.run(**run), [finding("a", 1.0, action)])
        return found.strength

    epochs = builders.epochs([0.5] * 10, [0.5] * 10)

    def steps(n: int) -> float:
        return strength(epochs=epochs, config={"batch_size": 1}, data=Data(counts={"train": {"a": n // 10}}))

    assert strength() == 0.5  # how many steps is not known
    assert steps(5000) == steps(500) == 0.5
    assert steps(250) == pytest.approx(0.3)
    assert steps(10) == pytest.approx(0.1, abs=0.01)
