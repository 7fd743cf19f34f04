"""Accuracies as fractions: percent or not, error rates, and numbers that can be neither."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

ROUNDING = 1e-4
FRACTIONS = {"accuracy", "top5_accuracy", "balanced_accuracy", "error_rate", "top5_error", "precision", "recall", "auroc"}
FRACTIONS |= {f"{kind}_{name}" for kind in ("macro", "weighted") for name in ("f1", "precision", "recall")} | {"f1"}
RIGHT_OF = {"error_rate": "accuracy", "top5_error": "top5_accuracy"}
Key = tuple[str, str]


def to_fractions(series: Mapping[Key, np.ndarray], names: Mapping[Key, str], notes: list[str]) -> dict[Key, np.ndarray]:
    """The series by (split, metric), each that must be a fraction made one, with a note on every assumption.

    `names` says which column each was read from. What is no fraction and no percentage is left out, with a note.
    """
    percent = {key for key, values in series.items() if _base(key) in FRACTIONS and _unit(values) == "percent"}
    done: dict[Key, np.ndarray] = {}
    for key, values in series.items():
        if _base(key) not in FRACTIONS:
            done[key] = values
            continue
        unit = _unit(values)
        if unit == "fraction" and percent and _follows(key, values, series, percent):
            unit = "percent"
        if unit == "neither":
            low, high = np.nanmin(values), np.nanmax(values)
            notes.append(
                f"The values of {names[key]!r} lie between {low:g} and {high:g}, which are neither fractions nor percentages "
                "throughout: they were left out."
            )
            continue
        switched = _switch(values)
        if switched is not None:
            done[key] = np.where(np.arange(len(values)) >= switched, values / 100, values)
            notes.append(f"The values of {names[key]!r} change from fractions to percent at its value {switched + 1}.")
        else:
            done[key] = values / 100 if unit == "percent" else values
    told = sorted({names[k] for k in percent if k in done and _switch(series[k]) is None})
    if told:
        notes.append(f"{_listed(told)} taken as percent and divided by 100.")
    return _right(done, names, notes)


def _base(key: Key) -> str:
    """The metric without a qualifier."""
    return next((m for m in FRACTIONS if key[1] == m or key[1].endswith(f"_{m}")), key[1])


def _unit(values: np.ndarray) -> str:
    known = values[np.isfinite(values)]
    if not len(known):
        return "fraction"
    if known.min() < -ROUNDING or known.max() > 100 + ROUNDING:
        return "neither"
    if known.max() <= 1 + ROUNDING:
        return "fraction"
    if _switch(values) is None and (known <= 1).sum() > 0.5 * len(known) and known.max() < 100 and not _climbs(known):
        return "neither"
    return "percent"


def _climbs(known: np.ndarray) -> bool:
    """Whether it passes 1 once, without a leap: a percentage that starts near nothing."""
    first = int(np.argmax(known > 1))
    return first > 0 and bool((known[first:] > 1).all()) and bool(known[first] <= 5 * known[first - 1])


def _switch(values: np.ndarray) -> int | None:
    """Where fractions turn into percentages of about the same size (a resumed run with another unit), or None."""
    known = np.flatnonzero(np.isfinite(values))
    if len(known) < 3:
        return None
    above = values[known] > 1 + ROUNDING
    first = int(np.argmax(above))
    if not above.any() or first < 2 or not above[first:].all():
        return None
    before, after = values[known[first - 1]] * 100, values[known[first]]
    return int(known[first]) if before > 0 and abs(after - before) <= 0.25 * before else None


def _follows(key: Key, values: np.ndarray, series: Mapping[Key, np.ndarray], percent: set[Key]) -> bool:
    """Whether a series that stays below 1 is percent like its sibling: its values are then as near as they can be."""
    siblings = [series[k] for k in percent if k[0] == key[0] or k[1] == key[1]]
    if not siblings or not np.isfinite(values).any():
        return False
    nearest = min(float(np.nanmedian(s)) for s in siblings)
    mine = float(np.nanmedian(values))
    return abs(mine - nearest) < abs(100 * mine - nearest)


def _right(series: dict[Key, np.ndarray], names: Mapping[Key, str], notes: list[str]) -> dict[Key, np.ndarray]:
    """Error rates turned into accuracies where there is no accuracy."""
    done = dict(series)
    for (split, metric), values in series.items():
        right = RIGHT_OF.get(metric)
        if right and (split, right) not in series:
            done[split, right] = 1 - values
            notes.append(f"The {split} {right.replace('_', ' ')} is 1 minus {names[split, metric]!r}.")
    return done


def _listed(names: list[str]) -> str:
    return f"{names[0]!r} was" if len(names) == 1 else f"{', '.join(repr(n) for n in names)} were"
