"""From findings to a ranked list of actions: merged, each with its reasons in this run's numbers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import msgspec

from dermai_report import measures
from dermai_report.report import Action, Advice, Finding, Recommendation
from dermai_report.run import Run

ORDER = ("suggested", "already_on", "not_applicable")


def recommend(run: Run, findings: Iterable[Finding]) -> list[Recommendation]:
    """One recommendation an action, strongest first.

    A finding's case for an action is its confidence times how far it speaks for it; the support of the action is the chance that
    at least one case holds, 1 - prod(1 - case), as if they were independent; times the prior effect of the action that is
    its strength. What the run has on already, and what does not apply to it, is listed after, with the reason.
    """
    actions: dict[str, Action] = {}
    cases: dict[str, list[tuple[Finding, Advice]]] = {}
    for finding in findings:
        for advice in finding.advice:
            actions.setdefault(advice.action.id, advice.action)
            cases.setdefault(advice.action.id, []).append((finding, advice))
    entries = [_entry(run, action, cases[action.id]) for action in actions.values()]
    entries.sort(key=lambda r: (ORDER.index(r.status), -r.strength, r.action))
    return [_ranked(r, i) for i, r in enumerate(entries, start=1)]


def _entry(run: Run, action: Action, cases: list[tuple[Finding, Advice]]) -> Recommendation:
    cases = sorted(cases, key=lambda case: -case[0].confidence * case[1].support)
    doubt = 1.0
    for finding, advice in cases:
        doubt *= 1 - finding.confidence * advice.support
    found, reason = status(run, action)
    return Recommendation(
        action=action.id,
        title=action.title,
        why=list(dict.fromkeys(advice.why for _, advice in cases)),
        priority=None,
        status=found,
        patch=action.patch,
        rules=list(dict.fromkeys(finding.rule for finding, _ in cases)),
        disproof=action.disproof,
        reason=reason,
        strength=round((1 - doubt) * _effect(run, action), 4),
        source=action.source,
        predictions=list(action.predictions),
        unchecked=action.unchecked,
    )


def _effect(run: Run, action: Action) -> float:
    """The prior effect for a training of this many steps; that of usual ones where the steps are not known."""
    steps = measures.steps(run)
    if action.effect_when_short is None or steps is None:
        return action.effect
    usual = min(steps / measures.USUAL_STEPS, 1.0)
    return usual * action.effect + (1 - usual) * action.effect_when_short


def status(run: Run, action: Action) -> tuple[Literal["suggested", "already_on", "not_applicable"], str]:
    """Whether the action is new to this run, and if not, why."""
    config = run.config
    for key, value, reason in action.blocked:
        if config.get(key) == value:
            return "not_applicable", f"{reason} ({key} = {value})"
    if action.decided_by:
        on = [action.decided_by] if config.get(action.decided_by) == action.patch[action.decided_by] else []
    elif action.on:
        on = [key for key in action.on if (value := config.get(key)) and (value is True or value != action.off)]
    else:
        on = list(action.patch) if action.patch and all(config.get(k) == v for k, v in action.patch.items()) else []
    if on:
        return "already_on", f"The run's configuration has {', '.join(f'{key} = {config[key]}' for key in on)} already."
    return "suggested", ""


def _ranked(entry: Recommendation, rank: int) -> Recommendation:
    return msgspec.structs.replace(entry, priority=rank if entry.status == "suggested" else None)
