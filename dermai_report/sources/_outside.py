"""What a log says outside its training: evaluations before the first epoch or after the last, and an epoch that was cut off."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from dermai_report.sources._points import Points
from dermai_report.sources._table import Table
from dermai_report.sources._units import Key


def outside_training(
    points: dict[Key, Points], tables: Sequence[Table], notes: list[str]
) -> tuple[dict[Key, Points], dict[Key, Points]]:
    """The points of the training, and those of evaluations before or after it."""
    trained = [p for k, p in points.items() if k[0] == "train"]
    last = _last_epoch(points)
    if _is_cut_off(points, last):
        notes.append(f"Training stopped within epoch {last}, before its validation: what it logged of that epoch was left out.")
        last -= 1
    inside: dict[Key, Points] = {}
    outside: dict[Key, Points] = {}
    for key, p in points.items():
        within = (p.epoch >= 1) & (p.epoch <= last)
        if within.all():
            inside[key] = p
            continue
        if within.any():
            inside[key] = p.some(within)
        outside[key] = p.some(~within)
    told: dict[str, list[str]] = {"before": [], "after": []}
    for (split, metric), p in outside.items():
        if split == "val" and trained:
            for i in np.flatnonzero(p.epoch < 1)[:1]:
                told["before"].append(f"{metric} {p.values[i]:g} ({tables[p.table[i]].at(p.row[i])})")
            for i in np.flatnonzero(p.epoch > last)[:1]:
                told["after"].append(f"{metric} {p.values[i]:g} ({tables[p.table[i]].at(p.row[i])})")
    for when, what in told.items():
        if what:
            notes.append(f"An evaluation {when} training is no epoch and was left out: {', '.join(what[:4])}.")
    return inside, outside


def _last_epoch(points: Mapping[Key, Points]) -> int:
    """The last epoch that trained. Epochs behind it are none where no step of training lies between."""
    every = np.concatenate([p.epoch for p in points.values()])
    highest = int(every.max())
    trained = [p for k, p in points.items() if k[0] == "train"]
    if not trained:
        return highest
    train_epochs = np.unique(np.concatenate([p.epoch for p in trained]))
    last = int(train_epochs.max())
    if last < 1 or last == highest:
        return highest
    evaluated = [p for k, p in points.items() if k[0] == "val" and (p.epoch > last).any()]
    while last < highest and evaluated:
        p = evaluated[0]
        here, later = p.step[p.epoch <= last], p.step[p.epoch > last]
        if p.apart:
            before = [here] if len(here) else [q.step[q.epoch <= last] for q in trained]
            if later.min() - max((step.max() for step in before if len(step)), default=-1.0) <= 1:
                break
        elif len(train_epochs) >= last - int(train_epochs.min()) + 1:
            break
        last = int(p.epoch[p.epoch > last].min())
        evaluated = [q for q in evaluated if (q.epoch > last).any()]
    return last


def _is_cut_off(points: Mapping[Key, Points], last: int) -> bool:
    """Whether the last epoch has steps of training and no validation, while every other epoch has one."""
    trained = [p for k, p in points.items() if k[0] == "train"]
    evaluated = [p.epoch for k, p in points.items() if k[0] == "val"]
    if not trained or not evaluated or last < 2:
        return False
    by_steps = any(p.apart and len(np.unique(p.epoch)) < len(p.epoch) for p in trained)
    validated = np.unique(np.concatenate(evaluated))
    return by_steps and last not in validated and bool(np.isin(np.arange(1, last), validated).all())
