"""A search for continuous values, stage by stage, each stage following from the outcomes of those before.

1. The baseline and the trials, a batch at a time, all with the configuration's seed.
2. The best few and the baseline with a second seed: half of what makes a trial the best of many is the luck of its seed.
3. The best of these, by the mean of the lowest validation losses, and the baseline with fresh seeds: the best of many looks better
   than it is (the winner's curse), so its effect is measured where nothing was chosen.

A stage is written into experiment.json before it is carried out, and never asked for again. The test set takes no part in any choice.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from dermai_report import wording
from dermai_report.storage.experiment_files import Experiment, Search, Trial, read_experiment, write_experiment
from dermai_report.train.config import TrainConfig
from dermai_report.train.experiments import plan, sampling
from dermai_report.train.experiments.engine import carry_on
from dermai_report.train.experiments.halving import FEW, mean_loss
from dermai_report.train.experiments.trial import Outcome

SEARCHING = 2  # seeds that the search uses; the fresh ones come after them


def fresh_seeds(config: TrainConfig, n: int) -> list[int]:
    """The seeds that take no part in the search."""
    return plan.seeds_of(config, SEARCHING + n)[SEARCHING:]


def carry_out(folder: Path) -> list[Outcome]:
    """Carry out what is left of a search; returns how each trial ended."""
    search = _search_of(read_experiment(folder))
    rounds = math.ceil(search.trials / search.batch)
    stages: list[Callable[[Path, Experiment, int], Experiment]] = [*[_next_batch] * rounds, _finals, _confirmation]
    outcomes: list[Outcome] = []
    for stage, plan_stage in enumerate(stages, start=1):
        experiment = read_experiment(folder)
        if not _of_stage(experiment, stage):
            experiment = plan_stage(folder, experiment, stage)
            write_experiment(folder, experiment)
        if trials := _of_stage(experiment, stage):
            outcomes += carry_on(folder, trials)
    return outcomes


def _next_batch(folder: Path, experiment: Experiment, stage: int) -> Experiment:
    """The next few values, from the losses so far; those of the baseline are told too, and it is trained beside the first."""
    config, search, threads = TrainConfig.from_mapping(experiment.config), _search_of(experiment), experiment.workers.threads
    before = [t for t in experiment.trials if t.values]
    own = {key: float(getattr(config, key)) for key in search.over}
    told = [(t.values or own, mean_loss(folder, [t])) for t in experiment.trials]
    size = min(search.batch, search.trials - len(before))
    asked = sampling.ask(search.over, told, size, f"{config.seed}/{stage}")
    trials = plan.of_values(config, plan.BASELINE, {}, [config.seed], threads, stage=stage) if stage == 1 else []
    for number, values in enumerate(asked, start=len(before) + 1):
        name = f"trial-{number:0{len(str(search.trials))}}"
        trials += plan.of_values(config, name, values, [config.seed], threads, stage=stage)
    return _with(experiment, trials)


def _finals(folder: Path, experiment: Experiment, stage: int) -> Experiment:
    """The best few, and the baseline, with the second seed."""
    config, threads = TrainConfig.from_mapping(experiment.config), experiment.workers.threads
    losses = {t.name: mean_loss(folder, [t]) for t in experiment.trials}
    tried = [t for t in experiment.trials if t.values and math.isfinite(losses[t.name])]
    best = sorted(tried, key=lambda t: losses[t.name])[:FEW]
    finalists = [t for t in experiment.trials if not t.values] + best
    seeds = [config.seed + 1]
    return _with(
        experiment, [new for t in finalists for new in plan.of_values(config, _name(t), t.values, seeds, threads, stage=stage)]
    )


def _confirmation(folder: Path, experiment: Experiment, stage: int) -> Experiment:
    """The best by both seeds and the baseline with the fresh ones; nothing more where the baseline is the best."""
    config, search, threads = TrainConfig.from_mapping(experiment.config), _search_of(experiment), experiment.workers.threads
    finalists = _of_stage(experiment, stage - 1)
    winner = min(finalists, key=lambda t: mean_loss(folder, [o for o in experiment.trials if _name(o) == _name(t)]))
    experiment = msgspec.structs.replace(experiment, search=msgspec.structs.replace(search, winner=_name(winner)))
    if not winner.values:
        return experiment
    pairs = {plan.BASELINE: ({}, []), "found": (winner.values, [_words(winner.values)])}
    return _with(
        experiment,
        [
            trial
            for seed in experiment.seeds
            for name, (values, actions) in pairs.items()
            for trial in plan.of_values(config, name, values, [seed], threads, stage=stage, actions=actions)
        ],
    )


def _words(values: dict[str, float]) -> str:
    return wording.listed([f"{key} {value:g}" for key, value in values.items()], most=len(values))


def _of_stage(experiment: Experiment, stage: int) -> list[Trial]:
    return [t for t in experiment.trials if t.stage == stage]


def _with(experiment: Experiment, trials: Sequence[Trial]) -> Experiment:
    return msgspec.structs.replace(experiment, trials=[*experiment.trials, *trials])


def _name(trial: Trial) -> str:
    """Without its seed."""
    return trial.name.partition(".")[0]


def _search_of(experiment: Experiment) -> Search:
    assert experiment.search is not None  # its kind says so
    return experiment.search
