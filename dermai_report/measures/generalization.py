"""From validation to test: how much was lost, and whether that is more than chance."""

from __future__ import annotations

import numpy as np

from dermai_report.measures.cache import once_per_run
from dermai_report.measures.epochs import shipped_epoch
from dermai_report.measures.final import averaged
from dermai_report.measures.groups import split_size
from dermai_report.measures.intervals import newcombe, samples_to_resolve
from dermai_report.measures.selection import Selection, optimism_bound, selection
from dermai_report.measures.shift import Shift, label_shift
from dermai_report.report import Generalization, Interval, Parts
from dermai_report.run import Run

NEWCOMBE = "Newcombe's interval of two independent proportions; the choice of the best epoch is not in it"
OUT_OF_BAG = "out-of-bag bootstrap of the choice of the epoch, and resampling of the test set"


@once_per_run
def generalization(run: Run) -> Generalization:
    """The drop in accuracy of the shipped epoch from validation to test; of averaged predictions, where these were tested.

    `drop` is validation minus test as measured, `drop_ci95` its interval by sampling alone (Newcombe). The validation number
    chose the epoch and so flatters it: `corrected_drop` and `corrected_ci95` take that off where per-epoch per-sample
    outcomes were kept, and then decide whether the drop is `significant`. Where they were not, the interval must leave out
    the most that choosing can have added (`optimism_at_most`). `significant` is None without sample counts.
    """
    epoch = shipped_epoch(run)
    log = run.at(epoch) if epoch is not None else None
    val = _averaged(run) if averaged(run) else _finite(log.val.get("accuracy")) if log else None
    test = _finite(run.test.accuracy) if run.test else None
    if val is None or test is None:
        return Generalization(val, test, None, None, None, Parts(), run.count("val"), run.count("test"), None, epoch)
    n_val, n_test = split_size(run, "val"), split_size(run, "test")
    chosen = None if averaged(run) else _choice(run, epoch)  # of averages nobody knows what another choice would have scored
    interval = newcombe(val, n_val, test, n_test) if n_val and n_test else None
    corrected, corrected_ci = _corrected(chosen, test, n_test)
    bound, shift = _bound(run, n_val), label_shift(run)
    return Generalization(
        val_accuracy=val,
        test_accuracy=test,
        drop=val - test,
        drop_ci95=interval,
        significant=_significant(interval, corrected_ci, bound),
        parts=_parts(chosen, shift, val - test, interval),
        n_val=run.count("val"),
        n_test=run.count("test"),
        n_needed=samples_to_resolve(val, test),
        epoch=epoch,
        corrected_drop=corrected,
        corrected_ci95=corrected_ci,
        basis=OUT_OF_BAG if corrected_ci else NEWCOMBE if interval else None,
        optimism_at_most=bound,
        label_shift_ci95=shift.ci95 if shift else None,
    )


def _averaged(run: Run) -> float | None:
    """The validation accuracy of averaged predictions, which no epoch has logged; None where they were not kept."""
    outcome = run.predictions.get("val")
    return float((outcome.predicted == outcome.label).mean()) if outcome is not None and len(outcome) else None


def _choice(run: Run, epoch: int | None) -> Selection | None:
    """What choosing the epoch added to its accuracy; None for another epoch, such as the last, which is not flattered."""
    found = selection(run)
    return found if found is not None and found.epoch == epoch else None


def _corrected(
    found: Selection | None, test: float, n_test: float | None, seed: int = 0
) -> tuple[float | None, Interval | None]:
    """The drop from what the choice would score on fresh validation samples, with percentiles over both resamplings."""
    if found is None or not n_test:
        return None, None
    n = max(round(n_test), 1)
    smoothed = (test * n + 1) / (n + 2)  # Laplace: a perfect test set still has noise
    again = np.random.default_rng(seed).binomial(n, smoothed, size=len(found.accuracies)) / n
    draws = found.accuracies - again - (test - smoothed)
    low, high = np.percentile(draws, [2.5, 97.5])
    return float(found.accuracies.mean() - test), (float(low), float(high))


def _bound(run: Run, n_val: float | None) -> float | None:
    accuracies = np.array(run.series("val", "accuracy"))
    return optimism_bound(accuracies, max(round(n_val), 1)) if n_val and np.isfinite(accuracies).any() else None


def _significant(interval: Interval | None, corrected: Interval | None, bound: float | None) -> bool | None:
    if corrected is not None:
        return corrected[0] > 0 or corrected[1] < 0
    return None if interval is None else interval[0] > (bound or 0.0) or interval[1] < 0


def _finite(value: float | None) -> float | None:
    return value if value is not None and np.isfinite(value) else None


def _parts(found: Selection | None, shift: Shift | None, drop: float, interval: Interval | None) -> Parts:
    """The drop taken apart; what neither choosing nor the class mix explains, sampling included, stays unexplained."""
    if found is None and shift is None:
        return Parts()
    optimism, mix = found.optimism if found else None, shift.part if shift else None
    half = (interval[1] - interval[0]) / 2 if interval else None
    return Parts(selection=optimism, sampling=half, label_shift=mix, unexplained=drop - (optimism or 0.0) - (mix or 0.0))
