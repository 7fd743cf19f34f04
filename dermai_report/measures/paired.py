"""Two models on the same samples: a paired comparison, never two separate intervals."""

from __future__ import annotations

import math

import numpy as np

from dermai_report.measures.intervals import Z95
from dermai_report.report import Record
from dermai_report.run import Predictions


class Paired(Record, frozen=True):
    """The second model against the first on the n samples both have.

    fixed: wrong before, right now; broken: right before, wrong now; difference: accuracy gained, a fraction, with its interval;
    p: of McNemar's exact test that both are equally often right.
    """

    n: int
    fixed: int
    broken: int
    difference: float
    ci95: tuple[float, float]
    p: float
    only_first: int
    only_second: int


def compare(first: Predictions, second: Predictions) -> Paired | None:
    """Match by sample identifier and compare; None when no sample is shared.

    Sources: McNemar 1947 (exact form); Bonett and Price 2012, J. Educational and Behavioral Statistics 37:479 (interval).
    """
    place = {name: i for i, name in enumerate(first.sample)}
    pairs = [(place[name], i) for i, name in enumerate(second.sample) if name in place]
    if not pairs:
        return None
    before, now = np.array(pairs).T
    was, is_now = first.predicted[before] == first.label[before], second.predicted[now] == second.label[now]
    fixed, broken, n = int((~was & is_now).sum()), int((was & ~is_now).sum()), len(pairs)
    return Paired(
        n=n,
        fixed=fixed,
        broken=broken,
        difference=(fixed - broken) / n,
        ci95=difference_interval(fixed, broken, n),
        p=mcnemar(fixed, broken),
        only_first=len(first) - n,
        only_second=len(second) - n,
    )


def difference_interval(fixed: int, broken: int, n: int) -> tuple[float, float]:
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
