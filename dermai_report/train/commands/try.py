"""Carry out the recommendations of a report and measure what each is worth.

dermai-train try report/RUN/report.json
dermai-train try report/RUN/report.json:dropout,cosine-schedule --seeds 5 --jobs 2

The run reported on is repeated as the baseline, then with each recommendation alone, then with all of them together, each
with the same seeds, so that differences are paired. With more than four recommendations, those whose validation loss is in the
better half go on to further seeds. An experiment directory is printed; `dermai-report` on it ranks what was tried by its effect.
"""

from __future__ import annotations

import argparse
from typing import Any

from dermai_report.errors import DermaiError
from dermai_report.run import Parent
from dermai_report.train import options
from dermai_report.train.applying import Reported, read_report, split_wish
from dermai_report.train.experiments import options as shared
from dermai_report.train.experiments import plan, stages
from dermai_report.train.experiments.engine import begin
from dermai_report.train.experiments.outcome import finish

TAKEN = ("folds", "fold", "data")


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of the command, and those of a training, which overrule the run's."""
    parser.add_argument("report", metavar="REPORT.json[:ACTION,…]", help="the report, and which of its recommendations; or all")
    group = parser.add_argument_group("experiment")
    group.add_argument("--seeds", type=int, metavar="N", help="repetitions of each trial (default: 3)")
    shared.add_options(parser)
    options.add_options(parser, leave_out=TAKEN)


def run(given: dict[str, Any], words: list[str]) -> int:
    """Plan, train, say what came of it."""
    path, wished = split_wish(given.pop("report"))
    reported = read_report(path)
    where = shared.workers(given)
    seeds = shared.at_least(1, "--seeds", given.pop("seeds", 3))
    config = options.chosen(given, reported.run.config)
    patches = _patches(reported, wished)
    if not patches:
        raise DermaiError(f"the report on {reported.run.id} suggests nothing that a configuration can carry out")
    folder = begin(
        config.runs,
        "try",
        f"{config.name or config.model}-try",
        [],
        words,
        config=config.record(),
        parent=Parent(id=reported.run.id, path=reported.run.path, actions=list(patches)),
        seeds=plan.seeds_of(config, seeds),
        patches=patches,
        workers=where,
    )
    return finish(folder, stages.carry_out(folder))


def _patches(reported: Reported, wished: list[str]) -> dict[str, dict[str, Any]]:
    """The patch of each action that is to be tried, strongest first; those that repeat another's patch are left out."""
    chosen: dict[str, dict[str, Any]] = {}
    named = sorted((reported.named(name) for name in wished), key=reported.recommendations.index)
    for suggestion in named or reported.suggested():
        if suggestion.patch not in chosen.values():
            chosen[suggestion.action] = suggestion.patch
    return chosen
