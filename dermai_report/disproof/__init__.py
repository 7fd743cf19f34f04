"""Whether what an action was to do happened: its predictions held against runs with and without it.

To add something that can be predicted, add one file to this folder; its name is what `Prediction.measure` says, and nothing lists it
by hand. It holds

- a docstring: what is measured, and when it is wrong;
- `LABEL`: the words for it, in which {split} stands for the split; `LOWER` and `HIGHER` where those words do not fit it;
- `COUNTED = True` where one pair of runs gives a count and not an estimate, which then needs no interval;
- `measure(pairs, split) -> Measured`: a pair of runs a seed, the first without the action. `_paired` does it for a number that is a mean
  over samples, `_repeated` for one that a run has as a whole.

A prediction holds where the 95 % interval of the difference leaves no room for its opposite, so that it is said to hold in one of
forty cases where nothing changed. It did not hold where the interval leaves no room for it. In between nobody can tell.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import ModuleType

import msgspec

from dermai_report import registry, wording
from dermai_report.disproof._measured import Measured, Pair
from dermai_report.report import Action, ActionCheck, Held, Prediction, PredictionCheck


def check_action(action: Action, pairs: Sequence[Pair], together: Sequence[str] = ()) -> ActionCheck:
    """The predictions of an action, on pairs of a run without it and one with it, a pair a seed; together: what else the latter took.

    All runs must have the same classes under the same numbers.
    """
    checks = [check(prediction, pairs) for prediction in action.predictions]
    return ActionCheck(
        action=action.id,
        title=action.title,
        disproof=action.disproof,
        held=overall([one.held for one in checks]),
        checks=checks,
        seeds=len(pairs),
        together=list(together),
        unchecked=action.unchecked or ("" if checks else "Nothing that a program could check is predicted of it."),
    )


def check(prediction: Prediction, pairs: Sequence[Pair]) -> PredictionCheck:
    """One prediction: its words, what was measured, and whether it held."""
    module = registry.load("disproof", prediction.measure, "measure")
    measured: Measured = module.measure(pairs, prediction.split)
    found = measured.as_difference(module.LABEL.format(split=wording.SPLITS[prediction.split]).capitalize())
    held = _held(prediction, measured, getattr(module, "COUNTED", False))
    if held != "cannot tell":
        found = msgspec.structs.replace(found, better=held == "held")
    return PredictionCheck(prediction, _direction(prediction, module), held, found)


def overall(held: Sequence[Held]) -> Held:
    """Of all predictions of an action: one that did not hold is enough, and none may be open."""
    if "did not hold" in held:
        return "did not hold"
    return "held" if held and set(held) == {"held"} else "cannot tell"


def _held(prediction: Prediction, measured: Measured, counted: bool) -> Held:
    if prediction.direction == "none":
        return "cannot tell" if measured.run is None else "did not hold" if measured.run > 0 else "held"
    span = measured.ci95
    if span is None and counted and measured.difference is not None:
        span = (measured.difference, measured.difference)
    if span is None:
        return "cannot tell"
    room = prediction.margin * (measured.baseline or 0.0)
    low, high = (-span[1], -span[0]) if prediction.direction == "higher" else span
    if prediction.direction == "not higher":
        return "held" if high <= room else "did not hold" if low > room else "cannot tell"
    return "held" if high < 0 else "did not hold" if low >= 0 else "cannot tell"


def _direction(prediction: Prediction, module: ModuleType) -> str:
    words = {"lower": getattr(module, "LOWER", "lower"), "higher": getattr(module, "HIGHER", "higher"), "none": "none"}
    if prediction.direction != "not higher":
        return words[prediction.direction]
    room = f" by more than {wording.percent(prediction.margin, 0)} of it" if prediction.margin else ""
    return f"not {getattr(module, 'HIGHER', 'higher')}{room}"


__all__ = ["Measured", "Pair", "check", "check_action", "overall"]
