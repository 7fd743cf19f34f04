"""Merging and ranking advice."""

from dermai_report.actions import DROPOUT, EARLY_STOPPING, at
from dermai_report.recommend import recommend
from dermai_report.report import Action, Advice, Finding
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
