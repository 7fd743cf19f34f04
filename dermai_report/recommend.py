"""From findings to a ranked list of actions: merged, each with its reasons in this run's numbers."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from dermai_report.report import Action, Finding, Recommendation
from dermai_report.run import Run

ORDER = ("suggested", "already_on", "not_applicable")


def recommend(run: Run, findings: Iterable[Finding]) -> list[Recommendation]:
    """One recommendation an action, strongest first.

    The support of an action is the chance that at least one of the findings behind it holds, 1 - prod(1 - confidence), as if
    they were independent; times the prior effect of the action that is its strength. What the run has on already is listed
    after, with the reason.
    """
    actions: dict[str, Action] = {}
    reasons: dict[str, list[tuple[Finding, str]]] = {}
    for finding in findings:
        for advice in finding.advice:
            actions.setdefault(advice.action.id, advice.action)
            reasons.setdefault(advice.action.id, []).append((finding, advice.why))
    entries = [_entry(run, action, reasons[action.id]) for action in actions.values()]
    entries.sort(key=lambda r: (ORDER.index(r.status), -r.strength, r.action))
    return [_ranked(r, i) for i, r in enumerate(entries, start=1)]


def _entry(run: Run, action: Action, reasons: list[tuple[Finding, str]]) -> Recommendation:
    doubt = 1.0
    for finding, _ in reasons:
        doubt *= 1 - finding.confidence
    on = _already_on(run, action)
    return Recommendation(
        action=action.id,
        title=action.title,
        why=list(dict.fromkeys(why for _, why in reasons)),
        priority=None,
        status="already_on" if on else "suggested",
        patch=action.patch,
        rules=list(dict.fromkeys(finding.rule for finding, _ in reasons)),
        disproof=action.disproof,
        reason=f"The run's configuration has {on} already." if on else "",
        strength=round((1 - doubt) * action.effect, 4),
        source=action.source,
    )


def _already_on(run: Run, action: Action) -> str | None:
    """The configuration that makes the action superfluous, in words, or None."""
    config = run.config
    switched = [key for key in action.on if config.get(key)]
    if switched:
        return ", ".join(f"{key} = {config[key]}" for key in switched)
    if action.patch and not action.on and all(config.get(k) == v for k, v in action.patch.items()):
        return ", ".join(f"{k} = {v}" for k, v in action.patch.items())
    return None


def _ranked(entry: Recommendation, rank: int) -> Recommendation:
    return msgspec.structs.replace(entry, priority=rank if entry.status == "suggested" else None)
