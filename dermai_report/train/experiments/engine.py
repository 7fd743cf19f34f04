"""Carry out the trials of an experiment on the workers of a backend."""

from __future__ import annotations

import datetime
import shlex
from collections.abc import Sequence
from pathlib import Path

import joblib

from dermai_report import registry
from dermai_report.errors import DermaiError
from dermai_report.files import point_to
from dermai_report.remote.addresses import local_or_address, shown
from dermai_report.storage.experiment_files import FORMAT, Experiment, Kind, Trial, read_experiment, write_experiment
from dermai_report.storage.run_places import new_directory
from dermai_report.train.experiments.options import BACKENDS
from dermai_report.train.experiments.trial import Outcome, carry_out


def begin(runs: str | Path, kind: Kind, name: str, trials: Sequence[Trial], words: Sequence[str], **facts: object) -> Path:
    """Make the experiment's directory below `runs`, with its plan; returns it. `latest` points to it. Raises DermaiError for an address."""
    root = local_or_address(runs)
    if isinstance(root, str):
        raise DermaiError(
            f"{shown(root)} is an address, and the trials of an experiment are read together while it goes on",
            "give --runs a folder that all workers reach, and copy the experiment there when it is done",
        )
    started = datetime.datetime.now(datetime.UTC)
    folder = new_directory(root, name, started)
    experiment = Experiment(
        format=FORMAT,
        id=folder.name,
        name=name,
        kind=kind,
        started=started.strftime("%Y-%m-%dT%H:%M:%SZ"),
        command=shlex.join(words),
        trials=list(trials),
        **facts,  # type: ignore[arg-type]
    )
    write_experiment(folder, experiment)
    point_to(root / "latest", folder.name)
    return folder


def carry_on(folder: Path, trials: Sequence[Trial]) -> list[Outcome]:
    """Carry out the trials that are not finished, in any order; returns how each ended, in the order of the trials.

    The caller has the experiment alone (`stages.carry_out`). Raises KeyboardInterrupt when a signal stopped a trial: what was begun goes
    on when the experiment is resumed.
    """
    experiment = read_experiment(folder)
    workers = experiment.workers
    engine = registry.load(BACKENDS, workers.backend, "backend")
    with engine.workers(workers.jobs, workers.address):
        quiet = workers.jobs > 1 or workers.address is not None
        outcomes: list[Outcome] = joblib.Parallel()(
            joblib.delayed(carry_out)(folder.resolve(), trial, experiment.command, experiment.parent, quiet) for trial in trials
        )
    if any(outcome.signal is not None for outcome in outcomes):
        raise KeyboardInterrupt
    return outcomes
