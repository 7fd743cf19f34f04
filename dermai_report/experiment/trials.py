"""The runs of an experiment, read once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dermai_report import measures
from dermai_report.errors import DermaiError
from dermai_report.report import TrialFacts
from dermai_report.run import Run
from dermai_report.storage.experiment_files import Experiment, Trial, run_of
from dermai_report.storage.run_reading import read_run_directory


@dataclass(frozen=True)
class Done:
    """A trial and its run."""

    trial: Trial
    run: Run


def by_actions(done: Sequence[Done]) -> dict[tuple[str, ...], dict[int, Done]]:
    """The trials by the actions that they took (none: the baseline), and these by seed."""
    by: dict[tuple[str, ...], dict[int, Done]] = {}
    for one in done:
        by.setdefault(tuple(one.trial.actions), {})[one.trial.seed] = one
    return by


def read_trials(folder: Path, experiment: Experiment) -> tuple[list[Done], list[TrialFacts]]:
    """The finished trials with their runs, and the facts of all. A run that cannot be read is a fact too, with why."""
    done, facts = [], []
    for trial in experiment.trials:
        place = run_of(folder, trial)
        told = TrialFacts(
            name=trial.name, status="waiting", seed=trial.seed, fold=trial.fold, actions=trial.actions, values=trial.values
        )
        if place is None:
            facts.append(told)
            continue
        try:
            run = read_run_directory(place)
        except DermaiError as error:
            facts.append(_with(told, status="unknown", error=error.message))
            continue
        facts.append(_facts(told, run, place.relative_to(folder).as_posix()))
        if run.status == "finished":
            done.append(Done(trial, run))
    return done, facts


def _facts(told: TrialFacts, run: Run, place: str) -> TrialFacts:
    best = measures.best_epoch(run)
    seconds = [e.seconds for e in run.epochs if e.seconds]
    return _with(
        told,
        status=run.status,
        run=place,
        error=run.error,
        best_epoch=best.epoch if best else None,
        val_loss=best.val_loss if best else None,
        val_accuracy=best.val_accuracy if best else None,
        test_loss=run.test.loss if run.test else None,
        test_accuracy=run.test.accuracy if run.test else None,
        seconds=sum(seconds) if seconds else None,
    )


def _with(told: TrialFacts, **facts: object) -> TrialFacts:
    import msgspec

    return msgspec.structs.replace(told, **facts)
