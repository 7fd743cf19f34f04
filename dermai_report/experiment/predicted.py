"""Whether what each recommendation was to do happened: alone against the baseline, over the seeds that both have."""

from __future__ import annotations

from collections.abc import Sequence

from dermai_report import actions
from dermai_report.disproof import Pair, check_action
from dermai_report.experiment.trials import Done, by_actions
from dermai_report.report import ActionCheck


def predicted(done: Sequence[Done]) -> list[ActionCheck]:
    """The actions that were tried alone, in the order of the trials; those tried together only cannot be told apart."""
    by = by_actions(done)
    baseline, known = by.pop((), {}), actions.known()
    found = []
    for taken, of in by.items():
        pairs = [Pair(baseline[seed].run, of[seed].run) for seed in sorted(set(of) & set(baseline))]
        if len(taken) == 1 and taken[0] in known and pairs:
            found.append(check_action(known[taken[0]], pairs))
    return found
