"""The values of each metric with the epoch of each, and how several values in one epoch become one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from dermai_report.sources._fields import Field
from dermai_report.sources._steps import Numbering
from dermai_report.sources._table import Table
from dermai_report.sources._units import Key, to_fractions


@dataclass(frozen=True, eq=False)
class Points:
    """The values of one metric of one split, in the order logged: (n,) each. table and row say where each was read.

    apart: whether `step` tells one evaluation of an epoch from the next; without it, a repeated epoch was logged again.
    """

    values: np.ndarray
    epoch: np.ndarray
    step: np.ndarray
    table: np.ndarray
    row: np.ndarray
    apart: bool
    level: str | None
    name: str

    def some(self, which: np.ndarray) -> Points:
        """The points of a mask or of indices."""
        parts = {k: getattr(self, k)[which] for k in ("values", "epoch", "step", "table", "row")}
        return replace(self, **parts)


@dataclass(frozen=True, eq=False)
class PerEpoch:
    """One value an epoch: (m,) epochs, ascending, and the index into the points of the value that counts."""

    epoch: np.ndarray
    values: np.ndarray
    index: np.ndarray


def points_of(
    tables: Sequence[Table], fields: Sequence[Field], numbered: Sequence[Numbering], notes: list[str]
) -> dict[Key, Points]:
    """The points of every metric, accuracies as fractions. A score that is NaN throughout counts as not logged."""
    parts: dict[Key, list[Points]] = {}
    for f in fields:
        if f.meaning.role != "metric" or f.meaning.split is None:
            continue
        column = tables[f.table].numbers[f.column]
        rows = np.flatnonzero(column.given)
        if f.meaning.metric != "loss" and not np.isfinite(column.values).any():
            continue  # a score that is never a number was never measured; a loss that is none has diverged
        n = numbered[f.table]
        parts.setdefault((f.meaning.split, f.meaning.name), []).append(
            Points(
                column.values[rows],
                n.epoch[rows],
                n.step[rows],
                np.full(len(rows), f.table),
                rows,
                n.apart,
                f.meaning.level,
                f.column,
            )
        )
    points = {key: _joined(found) for key, found in parts.items()}
    fractions = to_fractions({k: p.values for k, p in points.items()}, {k: p.name for k, p in points.items()}, notes)
    right = {"accuracy": "error_rate", "top5_accuracy": "top5_error"}
    return {
        (split, metric): replace(points.get((split, metric)) or points[split, right[metric]], values=values)
        for (split, metric), values in fractions.items()
    }


def _joined(parts: Sequence[Points]) -> Points:
    if len(parts) == 1:
        return parts[0]
    joined: dict[str, Any] = {
        k: np.concatenate([getattr(p, k) for p in parts]) for k in ("values", "epoch", "step", "table", "row")
    }
    return replace(parts[0], **joined, apart=all(p.apart for p in parts))


def last_of_each(points: Points) -> PerEpoch:
    """The last value logged of each epoch."""
    epochs, reverse = np.unique(points.epoch[::-1], return_index=True)
    index = len(points.epoch) - 1 - reverse
    return PerEpoch(epochs, points.values[index], index)


def of_training(points: Points, notes: list[str]) -> PerEpoch:
    """A value an epoch of a training metric: the one that is a mean over the epoch, or the mean of the steps logged."""
    last = last_of_each(points)
    if len(last.epoch) == len(points.values) or points.level == "epoch" or not points.apart or _ends_in_mean(points, last):
        return last
    place = np.searchsorted(last.epoch, points.epoch)
    counts = np.bincount(place)
    mean = np.bincount(place, weights=points.values) / counts
    notes.append(
        f"{points.name!r} was logged by steps; the mean of those of an epoch ({counts.min()} to {counts.max()}) counts as its value."
        if counts.min() != counts.max()
        else f"{points.name!r} was logged by steps; the mean of the {counts[0]} of an epoch counts as its value."
    )
    return PerEpoch(last.epoch, mean, last.index)


def _ends_in_mean(points: Points, last: PerEpoch) -> bool:
    """Whether each epoch's last value stands at the same step as the one before: its mean, logged under the same name."""
    before = last.index - 1
    inside = before >= 0
    same = inside & (points.epoch[before] == last.epoch) & (points.step[before] == points.step[last.index])
    return bool(same.mean() > 0.9)


def of_evaluations(points: Mapping[str, Points], split: str, notes: list[str]) -> dict[str, PerEpoch]:
    """A value an epoch of each metric of a split: of several evaluations in an epoch, that with the lowest loss.

    Without a loss the highest accuracy decides, else the last. Of one evaluation logged twice the last value counts, but
    where other metrics were logged once, the further value is another model's, and the first counts.
    """
    done: dict[str, PerEpoch] = {}
    several = any(p.apart and _evaluations(p) for p in points.values())
    best = _best_steps(points) if several else {}
    twice = {name: _repeats(p) for name, p in points.items()}
    once = any(not len(r) for r in twice.values())
    for name, p in points.items():
        chosen = p
        if once and len(twice[name]) == 1 and twice[name][0] == len(p.values) - 1:
            chosen = p.some(np.arange(len(p.values) - 1))
            notes.append(f"A further value of {p.name!r} after the last ({p.values[-1]:g}) is of a later evaluation: left out.")
        if several and p.apart:
            wanted = np.array([best.get(int(e), s) == s for e, s in zip(chosen.epoch, chosen.step, strict=True)], dtype=bool)
            chosen = chosen.some(wanted)
        kept = last_of_each(chosen)
        back = np.flatnonzero(wanted) if several and p.apart else np.arange(len(p.values))
        done[name] = PerEpoch(kept.epoch, kept.values, back[kept.index])
    if several:
        notes.append(
            f"The {'validation' if split == 'val' else split} set was evaluated several times in an epoch; the evaluation with "
            f"the {'lowest loss' if 'loss' in points else 'highest accuracy'} counts for it."
        )
    return done


def _evaluations(points: Points) -> bool:
    """Whether an epoch has evaluations at several steps."""
    pairs = np.unique(np.stack([points.epoch.astype(float), points.step]), axis=1)
    return bool(len(np.unique(points.epoch)) < pairs.shape[1])


def _best_steps(points: Mapping[str, Points]) -> dict[int, float]:
    """The step of each epoch's best evaluation."""
    name, sign = next(((m, s) for m, s in (("loss", 1), ("accuracy", -1), ("f1", -1)) if m in points), (next(iter(points)), 0))
    p = points[name]
    score = np.where(np.isfinite(p.values), sign * p.values, np.inf) if sign else -np.arange(len(p.values), dtype=float)
    best: dict[int, tuple[float, float]] = {}
    for epoch, step, value in zip(p.epoch.tolist(), p.step.tolist(), score.tolist(), strict=True):
        if epoch not in best or value < best[epoch][0]:
            best[epoch] = (value, step)
    return {epoch: step for epoch, (_, step) in best.items()}


def _repeats(points: Points) -> np.ndarray:
    """The indices of points whose step was seen before."""
    key = points.step if points.apart else points.epoch.astype(float)
    _, first = np.unique(key, return_index=True)
    return np.setdiff1d(np.arange(len(key)), first)
