"""Which recommended actions a run has taken, whether what they were to do happened, and the words for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from dermai_report import actions, wording
from dermai_report import formatting as fmt
from dermai_report.comparison.matching import on_shared_classes, same_classes
from dermai_report.disproof import Pair, check_action
from dermai_report.report import Action, ActionCheck, Answer, Change, Compared, Held, PredictionCheck, Report
from dermai_report.run import Run

ONE_SEED = "One seed: the interval covers the images, not the luck of training."
_COUNTED: dict[Held, str] = {"held": "held", "did not hold": "did not hold", "cannot tell": "cannot be told"}
_ANSWERS: dict[Held, str] = {
    "held": "Yes, for these two trained models",
    "did not hold": "No, for these two trained models",
    "cannot tell": "Cannot tell",
}


def predicted(baseline: Run, run: Run, advised: Report, changes: Sequence[Change]) -> list[ActionCheck]:
    """The actions that the run says it took over from the baseline; without a word on that, the recommendations that it has made.

    advised: the report on the baseline.
    """
    taken = (
        list(run.parent.actions) if _is_child(baseline, run) and run.parent else [c.action for c in changes if c.made == "yes"]
    )
    offered = {advice.action.id: advice.action for finding in advised.findings for advice in finding.advice}
    known = actions.known() | offered
    alike = same_classes(baseline, run)
    pairs = [Pair(*on_shared_classes(baseline, run))]
    return [
        check_action(
            known.get(id, _unknown(id)) if alike else _other_classes(known.get(id, _unknown(id))),
            pairs,
            together=[other for other in taken if other != id],
        )
        for id in taken
    ]


def answer(one: Compared) -> Iterator[Answer]:
    """Did the predictions hold? Nothing where no recommended action was taken."""
    found = one.predictions
    if len(found) == 1:
        told = " ".join([*map(_told, found[0].checks), found[0].unchecked]).strip()
        repeat = f" dermai-train try REPORT.json:{found[0].action} measures it over seeds." if found[0].checks else ""
        detail = f"{told} {ONE_SEED if found[0].checks else ''}{repeat}".strip()
        yield Answer("Did the prediction hold?", _ANSWERS[found[0].held], detail, found[0].tone)
    elif found:
        count = Counter(action.held for action in found)
        told = "; ".join(f"{action.action}: {action.held}" for action in found)
        tone = found[0].tone if len(count) == 1 else "neutral"
        said = wording.listed(f"{count[held]} {words}" for held, words in _COUNTED.items() if count[held])
        yield Answer("Did the predictions hold?", said, f"{told}. {_together(found)} {ONE_SEED}", tone)


def notes(baseline: Run, run: Run, base: str, name: str, found: Sequence[ActionCheck]) -> Iterator[str]:
    """What limits the answers on predictions."""
    if baseline.parent is not None and baseline.parent.id == run.id:
        yield f"{base} was made from {name}: name {name} first, and whether what was predicted of {base} held is checked."
    elif run.parent is not None and not _is_child(baseline, run):
        yield f"{name} was made from another run, {run.parent.id}; predictions are checked against {base} all the same."
    if any(action.checks for action in found):
        yield (
            f"Whether a prediction held rests on one training of each. {ONE_SEED} dermai-train try REPORT.json repeats both with several "
            "seeds, each action alone."
        )
    if len(found) > 1:
        yield _together(found)


def _told(check: PredictionCheck) -> str:
    measured, predicted_of = check.measured, f"{check.measured.label}: predicted {check.said}"
    if measured.difference is None:
        return f"{predicted_of}; {check.held}, as {measured.basis}."
    span = fmt.gained_interval(measured.ci95, measured.unit)
    sure = f" (95 % interval {span})" if span else f" ({measured.basis})" if measured.basis else ""
    return f"{predicted_of}, moved by {fmt.gained(measured.difference, measured.unit)}{sure}; {check.held}."


def _together(found: Sequence[ActionCheck]) -> str:
    return (
        f"{wording.listed(action.action for action in found)} were taken together: what happened is the effect of all of them, and they "
        "cannot be told apart."
    )


def _is_child(baseline: Run, run: Run) -> bool:
    return run.parent is not None and run.parent.id == baseline.id


def _unknown(id: str) -> Action:
    return Action(id, id, {}, "", unchecked="This version of dermai-report knows no action of that name.")


def _other_classes(action: Action) -> Action:
    return Action(action.id, action.title, {}, action.disproof, unchecked="The two runs know different classes.")
