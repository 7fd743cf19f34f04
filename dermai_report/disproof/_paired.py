"""Numbers that are means over samples: both runs' values of the same samples are subtracted, sample by sample and seed by seed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dermai_report import measures, wording
from dermai_report.disproof._measured import Measured, Pair
from dermai_report.measures.replicates import over_seeds
from dermai_report.measures.stacked import Stacked, stack
from dermai_report.report import Unit
from dermai_report.run import Run


def samples(pairs: Sequence[Pair], split: str) -> Stacked | str:
    """The samples that all runs predicted, those of the baselines first; or why there are none."""
    runs = [*(pair.baseline for pair in pairs), *(pair.run for pair in pairs)]
    if split == "val" and not all(_of_best_epoch(run) for run in runs):
        return "the validation predictions of a run are not of its best epoch"
    found = stack(runs, split)
    if found is not None:
        return found
    if any(split not in run.predictions for run in runs):
        return f"the {wording.SPLITS[split]} predictions of {'a run' if len(runs) > 2 else 'one run'} were not logged"
    return f"the runs do not have the same {wording.SPLITS[split]} images with the same labels"


def mean_difference(stacked: Stacked, values: np.ndarray, unit: Unit) -> Measured:
    """The mean of values (2 S, n), rows as in `samples`, without and with the action, over seeds and samples (or groups of them)."""
    half = len(values) // 2
    moved = over_seeds(values[half:] - values[:half], stacked.codes)
    before = float(values[:half].mean())
    return Measured(unit, before, before + moved.value, moved.ci95, basis(half, stacked), len(stacked.sample))


def basis(seeds: int, stacked: Stacked) -> str:
    """What an interval over these samples rests on."""
    groups = "" if stacked.codes is None else f" of {wording.plural(int(stacked.codes.max()) + 1, 'group')}"
    return f"the same images{groups}" + (f", {seeds} seeds" if seeds > 1 else "")


def _of_best_epoch(run: Run) -> bool:
    outcome, best = run.predictions.get("val"), measures.best_epoch(run)
    return outcome is None or outcome.epoch is None or best is None or outcome.epoch == best.epoch
