"""How well the subgroups of the test set are recognised, such as skin tones or sites, and whether one does worse than the rest."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from statistics import NormalDist

import numpy as np

from dermai_report.measures.averages import Cells, balanced_accuracy, class_mean
from dermai_report.measures.cache import once_per_run
from dermai_report.measures.comparison import fisher_less, holm
from dermai_report.measures.groups import effective_size, group_codes
from dermai_report.measures.intervals import wilson
from dermai_report.report import Interval, Subgroup
from dermai_report.run import Predictions, Run

MOST_VALUES = 20  # of a column: one with more names each sample, or wants to be binned first
MOST_NUMBERS = 10  # where all are numbers: the longest scale of skin tones has ten steps, and what has more measures (an age)
FEWEST_EACH = 2  # samples behind a value, on average: with fewer the column names samples
FEWEST_GROUPS = 5  # behind a subgroup: with fewer, flipping their signs has too few outcomes for a p below .05
TOO_WIDE = 0.30  # an interval of thirty points does not tell a good subgroup from a poor one (as for classes)
DRAWS = 2000
MANY_GROUPS = 2_000  # from here on the normal limit is better than DRAWS draws
DRAWS_AT_ONCE = 200
ROUNDING = 1e-9  # of the largest part: a group that is right as often as all has none, but for rounding


@once_per_run
def subgroups(run: Run) -> list[Subgroup]:
    """The scores of each subgroup of the test set, by the further columns of its predictions; empty where there are none.

    p: one-sided, of its accuracy being no lower than that of the rest: Fisher's test (mid-p), or with groups the score test under
    random signs of whole groups; adjusted by Holm over all subgroups. p_same_classes: the same within the true classes, which
    takes a difference in the mix of classes off (Cochran-Mantel-Haenszel), not adjusted. None where too little is there to test.
    """
    outcome = run.predictions.get("test")
    if outcome is None:
        return []
    codes = group_codes(outcome)
    found = [one for name, values in columns(outcome) for one in _of_column(name, values, outcome, codes, len(run.classes))]
    tested = [n for n, one in enumerate(found) if one.p is not None]
    for n, p in zip(tested, holm([found[n].p or 0.0 for n in tested]), strict=True):
        found[n] = _with(found[n], p)
    return found


def columns(outcome: Predictions) -> Iterator[tuple[str, Sequence[str]]]:
    """The further columns that divide the samples into a few subgroups."""
    for name, values in outcome.columns.items():
        kinds = set(values)
        if 2 <= len(kinds) <= _most_values(kinds, len(values)):
            yield name, list(values)


def too_many_values(run: Run) -> list[str]:
    """Further columns of the test predictions with more values than are compared."""
    outcome = run.predictions.get("test")
    if outcome is None:
        return []
    kinds = {name: set(values) for name, values in outcome.columns.items()}
    return [name for name, found in kinds.items() if 2 <= len(found) > _most_values(found, len(outcome.label))]


def _most_values(kinds: set[str], n: int) -> int:
    """How many different values divide n samples into subgroups, and do not measure or name them."""
    numbers = all(map(_is_number, kinds - {""}))
    return min(MOST_NUMBERS if numbers else MOST_VALUES, n // FEWEST_EACH)


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def _of_column(name: str, values: Sequence[str], outcome: Predictions, codes: np.ndarray | None, k: int) -> Iterator[Subgroup]:
    texts, place = np.unique(np.asarray(values, dtype=object).astype(str), return_inverse=True)
    hit = outcome.label == outcome.predicted
    for n, text in enumerate(texts.tolist()):
        member = place == n
        of_members = None if codes is None else codes[member]
        size = effective_size(hit[member], of_members)
        accuracy = float(hit[member].mean())
        low, high = wilson(accuracy * size, size)
        mean, interval = _balanced(outcome.label[member], outcome.predicted[member], of_members, k)
        yield Subgroup(
            column=name,
            value=text,
            n=int(member.sum()),
            n_groups=None if of_members is None else len(np.unique(of_members)),
            accuracy=accuracy,
            accuracy_ci95=(low, high),
            balanced_accuracy=mean,
            balanced_accuracy_ci95=interval,
            rest_accuracy=float(hit[~member].mean()),
            p=worse(hit, member, codes=codes),
            p_same_classes=worse(hit, member, outcome.label, codes),
            too_few=high - low > TOO_WIDE,
        )


def _balanced(label: np.ndarray, called: np.ndarray, codes: np.ndarray | None, k: int) -> tuple[float, Interval]:
    """Mean recall over the classes that occur, with its interval."""
    recalls: list[tuple[float | None, Interval | None]] = []
    for c in np.flatnonzero(np.bincount(label, minlength=k)):
        of_class = called[label == c] == c
        size = effective_size(of_class, None if codes is None else codes[label == c])
        recall = float(of_class.mean())
        recalls.append((recall, wilson(recall * size, size)))
    counts = np.bincount(label * k + called, minlength=k * k).reshape(k, k)
    cells = None if codes is None else Cells(label, called, np.unique(codes, return_inverse=True)[1])
    return class_mean(balanced_accuracy, counts, recalls, cells)


def worse(
    hit: np.ndarray, member: np.ndarray, strata: np.ndarray | None = None, codes: np.ndarray | None = None, seed: int = 0
) -> float | None:
    """One-sided p of the members being right no less often than the others, among samples of the same stratum where given.

    hit, member: (n,) booleans; strata: (n,) whole numbers; codes: (n,) group numbers, where samples of one group are alike.
    None where a side is empty, no stratum holds both sides, or fewer than FEWEST_GROUPS groups are behind the members.

    Without groups Fisher's test (mid-p), or Mantel and Haenszel's statistic (1959, J. Nat. Cancer Inst. 22:719). With them the same
    score, whose part from each group gets a random sign under the null hypothesis (the wild cluster bootstrap with the null
    imposed: Cameron, Gelbach and Miller 2008, Rev. Econ. Statistics 90:414).
    """
    if member.all() or not member.any():
        return None
    if codes is None and strata is None:
        return fisher_less(int(hit[member].sum()), int(member.sum()), int(hit[~member].sum()), int((~member).sum()))
    stratum = np.zeros(len(hit), dtype=np.int64) if strata is None else strata
    n = np.bincount(stratum).clip(1)
    right, inside = (np.bincount(stratum, weights=part) / n for part in (hit, member))
    score = (hit - right[stratum]) * (member - inside[stratum])
    if codes is None:
        variance = float((n**2 * right * (1 - right) * inside * (1 - inside) / np.maximum(n - 1, 1)).sum())
        return NormalDist().cdf(float(score.sum()) / math.sqrt(variance)) if variance > 0 else None
    if len(np.unique(codes[member])) < FEWEST_GROUPS or len(np.unique(codes[~member])) < FEWEST_GROUPS:
        return None
    parts = np.bincount(codes, weights=score)
    parts = parts[np.abs(parts) > ROUNDING * np.abs(parts).max()]
    if not len(parts):
        return None
    return _sign_p(parts, seed)


def _sign_p(parts: np.ndarray, seed: int) -> float:
    """p of a sum this low when each part, none of them 0, has a random sign.

    The signs are drawn so that sums this low are usual, and each draw counts by how likely it is without that (importance sampling
    by exponential tilting: Johns 1988, JASA 83:709), so that a p of one in a million is told as well as one of a half.
    """
    total = float(parts.sum())
    if len(parts) > MANY_GROUPS:
        return NormalDist().cdf(total / math.sqrt(float(parts @ parts)))
    size = np.abs(parts) / np.abs(parts).sum()
    aim = total / float(np.abs(parts).sum())
    if aim < -1 + 1e-9:
        return 0.5 ** len(parts)
    tilt = _tilt(size, min(aim, 0.0))
    likely = 1 / (1 + np.exp(2 * tilt * size))  # of a sign being plus
    normal = float(np.log(np.cosh(tilt * size)).sum())
    rng, p = np.random.default_rng(seed), 0.0
    for _ in range(DRAWS // DRAWS_AT_ONCE):
        signs = np.where(rng.random((DRAWS_AT_ONCE, len(size)), dtype=np.float32) < likely, 1.0, -1.0)
        sums = signs @ size
        p += float(np.exp(tilt * sums + normal)[sums <= aim + 1e-9].sum())
    return min(p / DRAWS, 1.0)


def _tilt(size: np.ndarray, aim: float) -> float:
    """How strongly signs must lean to minus for the mean of their sum to be `aim`, from -1 to 0; size: (m,) of sum 1."""
    low, high = 0.0, 1.0
    while -size @ np.tanh(high * size) > aim and high < 1e9:
        high *= 2
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if -size @ np.tanh(middle * size) > aim else (low, middle)
    return (low + high) / 2


def _with(one: Subgroup, p: float) -> Subgroup:
    import msgspec

    return msgspec.structs.replace(one, p=p)
