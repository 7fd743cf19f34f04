"""What each arm did in each case, and in how many cases it helped.

Settled before the first training. The outcome is the test loss of the best checkpoint (of its final evaluation, where the action averages
views or epochs, or sets a temperature), less that of the troubled run with the same seed, on the same test pictures. An arm *helps* in a
case when the mean of that difference over the seeds and pictures is below zero, and *surely* when its 95 % interval (two-way clustered,
over seeds and pictures) excludes zero. An arm that does nothing, or whose training fails, does not help.

Settled before the third round. A loss falls, too, where only the sureness of a model changes, which a temperature gives for nothing: so the
same is counted of the loss with each model's own temperature (fitted on its validation predictions), and of the accuracy. What an
arm is worth beside another is the difference, case by case, of the share of trainings whose loss fell, with Student's interval over cases.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from dermai_report.experiment.trials import Done
from dermai_report.measures.intervals import student95, wilson
from dermai_report.measures.replicates import Mean, over_seeds
from dermai_report.measures.stacked import stack
from dermai_report.measures.temperature import cooled_losses, temperature
from dermai_report.run import Run


class Effect(NamedTuple):
    """An arm in a case: the difference of the test loss (nats), of that with each model's temperature, and of the accuracy to the
    troubled runs, the part of the loss that is gone (1 - loss / baseline's), seeds, and in how many of them the loss fell."""

    loss: Mean
    cooled: Mean
    accuracy: Mean
    part: float
    seeds: int
    fell: int

    @property
    def helps(self) -> bool:
        return self.loss.value < 0

    @property
    def sure(self) -> int:
        """-1: surely helps, 1: surely hurts, 0: cannot tell."""
        low, high = self.loss.ci95 or (-np.inf, np.inf)
        return -1 if high < 0 else 1 if low > 0 else 0


def effect(baselines: Sequence[Done], treated: Sequence[Done]) -> Effect:
    """Of runs of the same seeds, in the same order. A run that failed has no test loss: it counts as no change, see `helps`."""
    whole = [(b, t) for b, t in zip(baselines, treated, strict=True) if b.run.test is not None]
    pairs = [(b, t if t.run.test is not None else b) for b, t in whole]
    n = len(pairs)
    runs = [b.run for b, _ in pairs] + [t.run for _, t in pairs]
    stacked = stack(runs, "test")
    assert stacked is not None
    assert stacked.loss is not None
    cooled = np.stack([_cooled(run)[places] for run, places in zip(runs, stacked.places, strict=True)])
    loss = stacked.loss[n:] - stacked.loss[:n]
    moved = over_seeds(loss)
    return Effect(
        loss=moved,
        cooled=over_seeds(cooled[n:] - cooled[:n]),
        accuracy=over_seeds(stacked.correct[n:] - stacked.correct[:n]),
        part=-moved.value / float(stacked.loss[:n].mean()),
        seeds=n,
        fell=int((loss.mean(axis=1) < 0).sum()),
    )


def _cooled(run: Run) -> np.ndarray:
    """The test losses with the temperature that the validation predictions ask for; as they are where these are too few to say."""
    return cooled_losses(run.predictions["test"], temperature(run.predictions.get("val")) or 1.0)


class Share(NamedTuple):
    """In how many of n cases an arm helped, with Wilson's interval; surely helped; surely hurt; the mean part of the loss that
    is gone, with Student's interval over cases; and in how many the loss with a temperature fell, and the accuracy rose."""

    helped: int
    n: int
    ci95: tuple[float, float]
    sure: int
    hurt: int
    part: Mean
    cooled: int
    accuracy: int


def share(effects: Mapping[str, Effect]) -> Share:
    """Over all cases."""
    found = list(effects.values())
    helped = sum(e.helps for e in found)
    return Share(
        helped,
        len(found),
        wilson(helped, len(found)),
        sum(e.sure < 0 for e in found),
        sum(e.sure > 0 for e in found),
        over_cases([e.part for e in found]),
        sum(e.cooled.value < 0 for e in found),
        sum(e.accuracy.value > 0 for e in found),
    )


def over_cases(values: Sequence[float]) -> Mean:
    """The mean of a number a case, with Student's interval."""
    mean, n = float(np.mean(values)), len(values)
    if n < 2:
        return Mean(mean, None, 0.0)
    half = student95(n - 1) * float(np.std(values, ddof=1)) / n**0.5
    return Mean(mean, (mean - half, mean + half), n - 1)
