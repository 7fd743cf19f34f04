"""Train once for each fold, and each seed: how much does the score depend on the split and on chance?

dermai-train cv --data photos --folds 5
dermai-train cv --data photos --folds 5 --seeds 2 --jobs 2
dermai-train cv --data photos --folds 1 --seeds 5      the split as it is, other seeds

Train and validation are pooled and divided by class; the test set is the same for all. An experiment directory is printed,
and `dermai-report` on it gives the mean with its interval, the spread of the best epochs, and the ensemble of the folds.
"""

from __future__ import annotations

import argparse
from typing import Any

from dermai_report.errors import DermaiError
from dermai_report.train import options
from dermai_report.train.experiments import options as shared
from dermai_report.train.experiments import plan, stages
from dermai_report.train.experiments.engine import begin
from dermai_report.train.experiments.outcome import finish

TAKEN = ("folds", "fold")  # keys of the configuration that the experiment sets


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of the command, and those of a training."""
    group = parser.add_argument_group("cross-validation")
    group.add_argument(
        "--folds", dest="parts", type=int, metavar="K", help="parts, each validating once; 1: only seeds (default: 5)"
    )
    group.add_argument("--seeds", type=int, metavar="N", help="repetitions, with the seeds from --seed on (default: 1)")
    shared.add_options(parser)
    options.add_options(parser, leave_out=TAKEN)


def run(given: dict[str, Any], words: list[str]) -> int:
    """Plan, train, say what came of it."""
    where = shared.workers(given)
    folds = shared.at_least(1, "--folds", given.pop("parts", 5))
    seeds = shared.at_least(1, "--seeds", given.pop("seeds", 1))
    if folds == seeds == 1:
        raise DermaiError("one fold and one seed are a single run", "leave the word cv out, or ask for more of either")
    config = options.chosen(given)
    trials = plan.cross_validation(config, folds, seeds, where.threads)
    name = config.name or f"{config.model}-cv"
    all_seeds = plan.seeds_of(config, seeds)
    facts = {"config": config.record(), "folds": folds, "seeds": all_seeds, "workers": where}
    folder = begin(config.runs, "cv", name, trials, words, **facts)
    return finish(folder, stages.carry_out(folder))
