"""Which samples two runs share, and which of them one gets right and the other wrong."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from dermai_report import measures, wording
from dermai_report.measures.paired import Paired, groups_of, shared_samples
from dermai_report.report import Moved
from dermai_report.run import Predictions, Run

MOST_SAMPLES = 200  # that are listed each way


def same_classes(baseline: Run, run: Run) -> bool:
    """Whether both know the same classes, or of one they were not logged."""
    return not baseline.classes or not run.classes or set(baseline.classes) == set(run.classes)


def on_shared_classes(baseline: Run, run: Run) -> tuple[Run, Run]:
    """Both runs as if they knew only the classes that they share, under the same numbers."""
    if not baseline.classes or not run.classes:
        return baseline, run
    known = set(run.classes)
    shared = tuple(name for name in baseline.classes if name in known)
    return measures.only(baseline, shared), measures.only(run, shared)


@dataclass(frozen=True, eq=False)
class Shared:
    """The samples of one split that two runs share with one label: (n,) class numbers, places in each, and groups where known."""

    label: np.ndarray
    was: np.ndarray
    is_now: np.ndarray
    before: np.ndarray
    now: np.ndarray
    codes: np.ndarray | None


@dataclass(frozen=True, eq=False)
class Match:
    """One split of two runs. pair, shared: the paired comparison and its samples; None where these cannot be matched, with `why`.

    by_number: samples were not named, only numbered, and are taken to stand in one order.
    """

    split: str
    classes: tuple[str, ...]
    first: Predictions | None
    second: Predictions | None
    pair: Paired | None = None
    shared: Shared | None = None
    why: str = ""
    by_number: bool = False


def match(first: Run, second: Run, split: str) -> Match:
    """Match the samples of a split by their identifiers. Both runs must have their shared classes under the same numbers."""
    a, b = first.predictions.get(split), second.predictions.get(split)
    of = wording.SPLITS[split]
    unmatched = Match(split, first.classes, a, b)
    if a is None or b is None:
        return replace(unmatched, why=f"the {of} predictions of {'both' if a is b else 'one run'} were not logged")
    if any(len(set(outcome.sample)) < len(outcome) for outcome in (a, b)):
        return replace(unmatched, why=f"identifiers of {of} samples repeat, so they cannot be matched")
    pair = measures.compare(a, b)
    if pair is None:
        return replace(unmatched, why=f"the two runs share no {of} sample")
    numbered = _numbered(a) and _numbered(b)
    if numbered and (pair.only_first or pair.only_second or pair.relabelled):
        return replace(unmatched, why=f"{of} samples were logged without names, and their numbers do not fit together")
    return replace(unmatched, pair=pair, shared=_shared(a, b), by_number=numbered)


def _shared(first: Predictions, second: Predictions) -> Shared:
    places = shared_samples(first, second)
    before, now = places[first.label[places[:, 0]] == second.label[places[:, 1]]].T
    return Shared(first.label[before], first.predicted[before], second.predicted[now], before, now, groups_of(first, before))


def moved(match: Match) -> tuple[list[Moved], list[Moved]]:
    """The samples fixed and those broken: of the fixed what the baseline, of the broken what the run was surest of wrongly first."""
    shared, first, second = match.shared, match.first, match.second
    if shared is None or first is None or second is None:
        return [], []
    was_right, is_right = shared.was == shared.label, shared.is_now == shared.label
    fixed, broken = np.flatnonzero(~was_right & is_right), np.flatnonzero(was_right & ~is_right)
    return (
        _listed(match, shared, fixed, first, shared.before[fixed]),
        _listed(match, shared, broken, second, shared.now[broken]),
    )


def _listed(match: Match, shared: Shared, places: np.ndarray, wrong: Predictions, at: np.ndarray) -> list[Moved]:
    known = wrong.probabilities
    sure = None if known is None else known[at, wrong.predicted[at]].astype(float)
    rows = [
        Moved(
            sample=wrong.sample[at[i]],
            true=match.classes[shared.label[place]],
            baseline=match.classes[shared.was[place]],
            run=match.classes[shared.is_now[place]],
            confidence=None if sure is None else float(sure[i]),
        )
        for i, place in enumerate(places.tolist())
    ]
    return sorted(rows, key=lambda row: (-(row.confidence or 0.0), row.sample))[:MOST_SAMPLES]


def _numbered(outcome: Predictions) -> bool:
    """Whether the samples have no names of their own: RunWriter then numbers them from 0."""
    n = len(outcome)
    return all(str(outcome.sample[i]).isdecimal() for i in {0, n // 2, n - 1})
