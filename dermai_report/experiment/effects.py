"""What each recommendation did, against the baseline with the same seeds, on the same test samples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
import numpy as np

from dermai_report import measures
from dermai_report.experiment.trials import Done, by_actions
from dermai_report.measures.intervals import p_of
from dermai_report.measures.replicates import over_seeds
from dermai_report.measures.stacked import stack
from dermai_report.report import Effect
from dermai_report.storage.experiment_files import Experiment

ALPHA = 0.05


def effects(experiment: Experiment, done: Sequence[Done]) -> list[Effect]:
    """Each set of actions that was tried, the largest gain in loss first (without probabilities: in accuracy)."""
    by = by_actions(done)
    baseline = by.pop((), {})
    order = list(experiment.patches)
    found = [e for actions, of in by.items() if (e := _effect(actions, of, baseline, order)) is not None]
    adjusted = iter(measures.holm([e.p for e in found if e.p is not None]))
    found = [_judged(e, next(adjusted) if e.p is not None else None) for e in found]
    return sorted(found, key=lambda e: e.loss if e.loss is not None else -e.accuracy)


def _effect(actions: tuple[str, ...], of: Mapping[int, Done], baseline: Mapping[int, Done], order: list[str]) -> Effect | None:
    seeds = sorted(set(of) & set(baseline))
    stacked = stack([side[s].run for side in (baseline, of) for s in seeds], "test")
    if stacked is None:
        return None
    half = len(seeds)
    accuracy = over_seeds(stacked.correct[half:] - stacked.correct[:half], stacked.codes)
    loss = over_seeds(stacked.loss[half:] - stacked.loss[:half], stacked.codes) if stacked.loss is not None else None
    deciding = loss or accuracy
    seconds = [sum(e.seconds or 0 for e in side[s].run.epochs) for side in (of, baseline) for s in seeds]
    return Effect(
        name=actions[0] if len(actions) == 1 else "all together",
        actions=list(actions),
        seeds=half,
        n=len(stacked.sample),
        verdict="unknown",
        accuracy=accuracy.value,
        accuracy_ci95=accuracy.ci95,
        loss=loss.value if loss else None,
        loss_ci95=loss.ci95 if loss else None,
        p=p_of(deciding.value, deciding.ci95) if deciding.ci95 else None,
        p_adjusted=None,
        expected=order.index(actions[0]) + 1 if len(actions) == 1 and actions[0] in order else None,
        seconds=float(np.mean(seconds[:half]) - np.mean(seconds[half:])) if all(seconds) else None,
    )


def _judged(effect: Effect, p: float | None) -> Effect:
    gain = -effect.loss if effect.loss is not None else effect.accuracy
    verdict = "unknown" if p is None or p >= ALPHA or gain == 0 else "helps" if gain > 0 else "hurts"
    return msgspec.structs.replace(effect, p_adjusted=p, verdict=verdict)
