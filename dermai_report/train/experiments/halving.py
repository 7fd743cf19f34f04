"""Which of many recommendations deserve further seeds: successive halving on the validation loss.

Jamieson and Talwalkar 2016 (AISTATS) halve over training time; here over seeds, because a shorter training is another recipe: a
schedule that anneals over ten epochs says little after three. The test set takes no part in the choice.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from dermai_report.storage.experiment_files import Trial, read_experiment, run_of, write_experiment
from dermai_report.storage.run_reading import read_run_directory
from dermai_report.train.config import TrainConfig
from dermai_report.train.experiments import plan
from dermai_report.train.experiments.engine import carry_on
from dermai_report.train.experiments.trial import Outcome

FEW = 4  # as many are worth all seeds; halving less would choose by the luck of a seed

Patches = Mapping[str, Mapping[str, Any]]


def carry_out(folder: Path) -> list[Outcome]:
    """Stage by stage: baseline and all patches with the first seed, the better half with the next, at last all together.

    The plan in experiment.json grows by a stage at a time. It follows from the outcomes, so a resumed experiment makes the
    same one again.
    """
    experiment = read_experiment(folder)
    config, seeds, threads = TrainConfig.from_mapping(experiment.config), experiment.seeds, experiment.workers.threads
    outcomes: list[Outcome] = []
    trials: list[Trial] = []
    left, stage, done = dict(experiment.patches), 0, 0
    while done < len(seeds):
        stage += 1
        batch = seeds[done : done + 1] if len(left) > FEW else seeds[done:]
        alone: dict[tuple[str, ...], Mapping[str, Any]] = {(name,): patch for name, patch in left.items()}
        outcomes += _stage(folder, trials, plan.comparison(config, {(): {}, **alone}, batch, threads, stage))
        done += len(batch)
        if len(left) > FEW:
            better = sorted(left, key=lambda name: mean_loss(folder, [t for t in trials if t.actions == [name]]))
            left = {name: left[name] for name in left if name in better[: max(FEW, len(left) // 2)]}
    if len(left) > 1:
        merged, names = merge(left)
        if len(names) > 1:
            outcomes += _stage(folder, trials, plan.comparison(config, {tuple(names): merged}, seeds, threads, stage + 1))
    return outcomes


def merge(patches: Patches) -> tuple[dict[str, Any], list[str]]:
    """All patches in one, the earlier ruling where two contradict; and whose are in it."""
    merged: dict[str, Any] = {}
    names = []
    for name, patch in patches.items():
        if all(merged.get(key, value) == value for key, value in patch.items()):
            merged.update(patch)
            names.append(name)
    return merged, names


def _stage(folder: Path, trials: list[Trial], new: Sequence[Trial]) -> list[Outcome]:
    experiment = read_experiment(folder)
    trials += new
    write_experiment(folder, msgspec.structs.replace(experiment, trials=list(trials)))
    return carry_on(folder, new)


def mean_loss(folder: Path, trials: Sequence[Trial]) -> float:
    """The lowest validation loss of each trial, averaged; infinite where one has none, or has not finished."""
    lowest = []
    for trial in trials:
        place = run_of(folder, trial)
        run = read_run_directory(place) if place else None
        losses = run.series("val", "loss") if run and run.status == "finished" else []
        lowest.append(min((loss for loss in losses if not math.isnan(loss)), default=math.inf))
    return statistics.fmean(lowest) if lowest else math.inf
