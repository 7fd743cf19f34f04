"""Two models on the same samples: a paired comparison, never two separate intervals.

Samples are matched by identifier. Where they carry a group (images of one patient), differences add up within groups, so that an
interval counts patients. Models tested on different samples: `measures.independent_difference`, which is far wider.
"""

from __future__ import annotations

import math

import numpy as np

from dermai_report.measures.averages import Average, macro_f1
from dermai_report.measures.groups import group_codes
from dermai_report.measures.intervals import Z95, half_width
from dermai_report.measures.scores import sample_losses
from dermai_report.report import Interval, Record
from dermai_report.run import Predictions


class Paired(Record, frozen=True):
    """The second model less the first, on the n samples both have; intervals are 95 %.

    fixed: wrong before, right now; broken: right before, wrong now; difference: accuracy gained, a fraction, with its interval;
    p: of McNemar's exact test that both are equally often right (None where samples come in groups, which it cannot allow for);
    loss: nats gained, None without probabilities; macro_f1: over the classes that occur or are called by either.
    relabelled: how many of the samples have another label in the second run; they are left out, n does not count them.
    """

    n: int
    fixed: int
    broken: int
    difference: float
    ci95: Interval
    p: float | None
    only_first: int
    only_second: int
    loss: float | None = None
    loss_ci95: Interval | None = None
    macro_f1: float | None = None
    macro_f1_ci95: Interval | None = None
    relabelled: int = 0
    n_groups: int | None = None


def compare(first: Predictions, second: Predictions) -> Paired | None:
    """Match by sample identifier and compare; None when no sample with the same label is shared.

    Class numbers must mean the same in both. Sources: McNemar 1947 (exact form); Bonett and Price 2012, J. Educational and
    Behavioral Statistics 37:479 (accuracy); the t interval of paired differences (loss), and of influences (macro F1).
    """
    pairs = shared_samples(first, second)
    before, now = pairs[first.label[pairs[:, 0]] == second.label[pairs[:, 1]]].T
    n = len(before)
    if not n:
        return None
    label, was, is_now = first.label[before], first.predicted[before], second.predicted[now]
    codes = groups_of(first, before)
    fixed, broken = int(((was != label) & (is_now == label)).sum()), int(((was == label) & (is_now != label)).sum())
    f1, f1_ci = f1_difference(label, was, is_now, codes)
    loss, loss_ci = _loss_difference(sample_losses(first), sample_losses(second), before, now, codes)
    return Paired(
        n=n,
        fixed=fixed,
        broken=broken,
        difference=(fixed - broken) / n,
        ci95=gained_interval(label, was, is_now, codes),
        p=mcnemar(fixed, broken) if codes is None else None,
        only_first=len(first) - len(pairs),
        only_second=len(second) - len(pairs),
        loss=loss,
        loss_ci95=loss_ci,
        macro_f1=f1,
        macro_f1_ci95=f1_ci,
        relabelled=len(pairs) - n,
        n_groups=None if codes is None else int(codes.max()) + 1,
    )


def shared_samples(first: Predictions, second: Predictions) -> np.ndarray:
    """(m, 2) places, in the first and in the second, of the samples whose identifier both have; in the second's order."""
    place = {name: i for i, name in enumerate(first.sample)}
    pairs = [(place[name], i) for i, name in enumerate(second.sample) if name in place]
    return np.array(pairs, dtype=np.int64).reshape(-1, 2)


def groups_of(outcome: Predictions, places: np.ndarray) -> np.ndarray | None:
    """One number a distinct group of the samples at `places`; None where no groups were logged."""
    codes = group_codes(outcome)
    return None if codes is None else np.unique(codes[places], return_inverse=True)[1]


def gained_interval(label: np.ndarray, was: np.ndarray, is_now: np.ndarray, codes: np.ndarray | None) -> Interval:
    """95 % interval of the accuracy gained on (n,) samples, from `was` to `is_now`; codes: groups."""
    fixed, broken = int(((was != label) & (is_now == label)).sum()), int(((was == label) & (is_now != label)).sum())
    return difference_interval(fixed, broken, len(label)) if codes is None else _grouped(label, was, is_now, codes)


def difference_interval(fixed: int, broken: int, n: int) -> Interval:
    """95 % interval of a paired difference of proportions, from its discordant pairs; in [-1, 1]."""
    up, down = (fixed + 1) / (n + 2), (broken + 1) / (n + 2)
    half = Z95 * math.sqrt((up + down - (up - down) ** 2) / (n + 2))
    return max(up - down - half, -1.0), min(up - down + half, 1.0)


def mcnemar(fixed: int, broken: int) -> float:
    """Two-sided exact p: of that many discordant pairs, each is equally likely to go either way."""
    n, k = fixed + broken, min(fixed, broken)
    if n == 0:
        return 1.0
    log_half_n = n * math.log(0.5)
    tail = math.fsum(
        math.exp(math.lgamma(n + 1) - math.lgamma(i + 1) - math.lgamma(n - i + 1) + log_half_n) for i in range(k + 1)
    )
    return min(1.0, 2 * tail)


def f1_difference(
    label: np.ndarray, was: np.ndarray, is_now: np.ndarray, codes: np.ndarray | None = None
) -> tuple[float, Interval | None]:
    """The second model's macro F1 less the first's on (n,) samples, with its 95 % interval; None for fewer than 2 samples.

    The two models' influences are subtracted sample by sample before they are squared. As in Bonett and Price's interval
    one discordant sample each way is added, spread evenly over all samples: two models that agree need not be equal.
    """
    before, now = f1_averages(label, was, is_now)
    difference, n = now.value - before.value, len(label)
    half = half_width(f1_moved(before, now, label, was, is_now), codes)
    if half is None:
        return difference, None
    # How far a sample that turns right moves the score of its class, on average of both models.
    swing = n * (np.diag(before.influence) + np.diag(now.influence))[label] / 2
    half = math.hypot(half, _one_each_way(swing, codes))
    return difference, (max(difference - half, -1.0), min(difference + half, 1.0))


def f1_averages(label: np.ndarray, was: np.ndarray, is_now: np.ndarray) -> tuple[Average, Average]:
    """The macro F1 of two models on (n,) samples, over the classes that occur or are called by either."""
    k = 1 + int(max(label.max(), was.max(), is_now.max()))
    seen = len(np.unique((label, was, is_now)))
    tables = [np.bincount(label * k + called, minlength=k * k).reshape(k, k) for called in (was, is_now)]
    return macro_f1(tables[0], seen), macro_f1(tables[1], seen)


def f1_moved(before: Average, now: Average, label: np.ndarray, was: np.ndarray, is_now: np.ndarray) -> np.ndarray:
    """How far each of (n,) samples moves the difference of two macro F1, times n; of mean 0."""
    moved = len(label) * (now.influence[label, is_now] - before.influence[label, was])
    return np.asarray(moved - moved.mean())


def _one_each_way(swing: np.ndarray, codes: np.ndarray | None) -> float:
    """What one discordant sample (or group) more each way, any with the same chance, adds to a half width by squares.

    swing: (n,) how far each moves the score times n.
    """
    n, units = len(swing), len(swing) if codes is None else int(codes.max()) + 1
    return Z95 * math.sqrt(2 * float((swing**2).mean()) * n / units) / n


def _grouped(label: np.ndarray, was: np.ndarray, is_now: np.ndarray, codes: np.ndarray) -> Interval:
    """95 % interval of the accuracy gained, from its sums within groups, with one discordant sample more each way."""
    gained = (is_now == label).astype(float) - (was == label)
    mean = float(gained.mean())
    half = half_width(gained - mean, codes)
    if half is None:
        return -1.0, 1.0
    half = math.hypot(half, _one_each_way(np.ones(len(label)), codes))
    return max(mean - half, -1.0), min(mean + half, 1.0)


def _loss_difference(
    first: np.ndarray | None, second: np.ndarray | None, before: np.ndarray, now: np.ndarray, codes: np.ndarray | None
) -> tuple[float | None, Interval | None]:
    """The second model's mean loss less the first's, with its 95 % interval; None where one has no probabilities."""
    if first is None or second is None:
        return None, None
    moved = second[now] - first[before]
    mean = float(moved.mean())
    half = half_width(moved - mean, codes)
    return mean, None if half is None else (mean - half, mean + half)
