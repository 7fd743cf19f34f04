"""From validation to test: how much was lost, and whether that is more than chance."""

from __future__ import annotations

from dermai_report.measures.cache import once_per_run
from dermai_report.measures.epochs import shipped_epoch
from dermai_report.measures.intervals import newcombe, samples_to_resolve
from dermai_report.measures.selection import selection_optimism
from dermai_report.measures.shift import label_shift
from dermai_report.report import Generalization, Parts
from dermai_report.run import Run


@once_per_run
def generalization(run: Run) -> Generalization:
    """The drop in accuracy of the shipped epoch from validation to test, with Newcombe's interval where n is known.

    `significant` is None without both sample counts. The interval speaks of sampling noise alone; what choosing the best of
    several epochs adds stands in `parts`, where per-epoch validation predictions were kept.
    """
    epoch = shipped_epoch(run)
    log = run.at(epoch) if epoch is not None else None
    val = log.val.get("accuracy") if log else None
    test = run.test.accuracy if run.test else None
    n_val, n_test = run.count("val"), run.count("test")
    drop = val - test if val is not None and test is not None else None
    interval = None
    if val is not None and test is not None and n_val and n_test:
        interval = newcombe(val, n_val, test, n_test)
    return Generalization(
        val_accuracy=val,
        test_accuracy=test,
        drop=drop,
        drop_ci95=interval,
        significant=None if interval is None else bool(interval[0] > 0 or interval[1] < 0),
        parts=_parts(run, drop),
        n_val=n_val,
        n_test=n_test,
        n_needed=samples_to_resolve(val, test) if val is not None and test is not None else None,
        epoch=epoch,
    )


def _parts(run: Run, drop: float | None) -> Parts:
    """The drop taken apart. Sampling noise has mean 0 and is what the interval shows; the rest stays unexplained."""
    selection, shift = selection_optimism(run), label_shift(run)
    if drop is None or (selection is None and shift is None):
        return Parts()
    return Parts(selection=selection, label_shift=shift, unexplained=drop - (selection or 0.0) - (shift or 0.0))
