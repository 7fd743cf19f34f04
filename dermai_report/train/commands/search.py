"""Search the best continuous values: learning rate, weight decay, dropout and others.

dermai-train search --data photos --over lr,weight_decay,dropout --trials 20
dermai-train search report/RUN/report.json --over lr:1e-4:1e-2 --jobs 2

Optuna proposes values, a batch at a time; they are judged by the lowest validation loss, never by the test set. The best four, and the
configuration as it is, are trained with a second seed; then the best of them with fresh seeds against the configuration as it is,
because the best of many trials looks better than it is. An experiment directory is printed; `dermai-report` on it says what was
tried, what won, and what it is worth on the fresh seeds. `dermai-train --resume EXPERIMENT` goes on with an interrupted search.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from dermai_report.errors import DermaiError
from dermai_report.run import Parent
from dermai_report.storage.experiment_files import Search
from dermai_report.train import config as configuration
from dermai_report.train import options
from dermai_report.train.applying import read_report
from dermai_report.train.experiments import options as shared
from dermai_report.train.experiments import sampling, search, stages
from dermai_report.train.experiments.engine import begin
from dermai_report.train.experiments.outcome import finish
from dermai_report.train.experiments.spaces import spaces_of

TAKEN = ("folds", "fold")


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of the command, and those of a training, which overrule the run's."""
    parser.add_argument("report", nargs="?", metavar="REPORT.json", help="start from the configuration of the run reported on")
    group = parser.add_argument_group("search")
    usual = (f"{key} {s.low:g} to {s.high:g}{' (log)' if s.log else ''}" for key, s in configuration.searchable().items())
    group.add_argument(
        "--over", metavar="KEY[:LOW:HIGH],…", help=f"values to search, each in its usual range or yours; {', '.join(usual)}"
    )
    group.add_argument("--trials", type=int, metavar="N", help="trials with values of their own (default: 20)")
    group.add_argument(
        "--batch", type=int, metavar="N", help="trials chosen at a time: more run at once, fewer learn sooner (default: 4)"
    )
    group.add_argument("--seeds", type=int, metavar="N", help="fresh seeds that the best is confirmed on (default: 3)")
    shared.add_options(parser)
    options.add_options(parser, leave_out=TAKEN)


def run(given: dict[str, Any], words: list[str]) -> int:
    """Plan, train, say what came of it."""
    reported = read_report(Path(given.pop("report"))) if "report" in given else None
    where = shared.workers(given)
    over = given.pop("over", "")
    if not over:
        raise DermaiError("search over which values?", "add --over lr,weight_decay,dropout; see dermai-train search --help")
    trials = shared.at_least(1, "--trials", given.pop("trials", 20))
    batch = shared.at_least(1, "--batch", given.pop("batch", 4))
    seeds = shared.at_least(1, "--seeds", given.pop("seeds", 3))
    config = options.chosen(given, reported.run.config if reported else None)
    spaces = spaces_of(over, config)
    sampling.library()
    folder = begin(
        config.runs,
        "search",
        f"{config.name or config.model}-search",
        [],
        words,
        config=config.record(),
        parent=Parent(id=reported.run.id, path=reported.run.path, actions=[]) if reported else None,
        seeds=search.fresh_seeds(config, seeds),
        workers=where,
        search=Search(over=spaces, trials=trials, batch=batch),
    )
    return finish(folder, stages.carry_out(folder))
