"""What an experiment is made of: a trial a fold and seed, or a trial an action and seed. Plans follow from their arguments alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from dermai_report.storage.experiment_files import Trial
from dermai_report.train.config import TrainConfig

BASELINE, TOGETHER = "baseline", "all-together"


def cross_validation(config: TrainConfig, folds: int, seeds: int, threads: int) -> list[Trial]:
    """A trial for each seed and fold. All have one test set; a seed draws its own folds. With one fold: the split as it is."""
    parts: Iterable[int | None] = range(1, folds + 1) if folds > 1 else [None]
    trials = []
    for seed in seeds_of(config, seeds):
        for fold in parts:
            name = ".".join([*([f"fold-{fold}"] if fold else []), *([f"seed-{seed}"] if seeds > 1 or not fold else [])])
            values = {"folds": folds, "fold": fold} if fold else {}
            trials.append(_trial(config, name, seed, threads, values, fold=fold))
    return trials


def comparison(
    config: TrainConfig, patches: Mapping[tuple[str, ...], Mapping[str, Any]], seeds: Sequence[int], threads: int, stage: int
) -> list[Trial]:
    """Each patch, by the actions that are in it (none: the baseline), with every seed: trials of one seed are paired."""
    return [
        _trial(config, f"{name_of(actions)}.seed-{seed}", seed, threads, patch, actions=list(actions), stage=stage)
        for seed in seeds
        for actions, patch in patches.items()
    ]


def of_values(
    config: TrainConfig, name: str, values: Mapping[str, float], seeds: Sequence[int], threads: int, **facts: Any
) -> list[Trial]:
    """A trial of a search with each seed."""
    return [_trial(config, f"{name}.seed-{seed}", seed, threads, values, values=dict(values), **facts) for seed in seeds]


def name_of(actions: Sequence[str]) -> str:
    """What a trial of these actions is called."""
    if not actions:
        return BASELINE
    return actions[0] if len(actions) == 1 else TOGETHER


def seeds_of(config: TrainConfig, n: int) -> list[int]:
    """The configuration's seed and the n - 1 after it."""
    return list(range(config.seed, config.seed + n))


def _trial(config: TrainConfig, name: str, seed: int, threads: int, changes: Mapping[str, Any], **facts: Any) -> Trial:
    base = config.record()
    split_seed = base.get("split_seed", base["seed"])  # one test set for all
    record = {**base, **changes, "seed": seed, "split_seed": split_seed, "threads": base["threads"] or threads, "name": name}
    del record["runs"]
    return Trial(name=name, config=TrainConfig.from_mapping(record).record(), seed=seed, **facts)
