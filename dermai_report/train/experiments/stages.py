"""Carry out an experiment of any kind, stage by stage: what is finished stays, what was begun goes on, the rest is trained."""

from __future__ import annotations

from pathlib import Path

from dermai_report.errors import DermaiError
from dermai_report.files import writing_to
from dermai_report.locks import hold
from dermai_report.storage.experiment_files import read_experiment
from dermai_report.train.experiments import halving, search
from dermai_report.train.experiments.engine import carry_on
from dermai_report.train.experiments.trial import Outcome

LOCK = ".lock"  # a file of its own: experiment.json is replaced from stage to stage, and a lock with it


def carry_out(folder: Path) -> list[Outcome]:
    """Carry out what is left of the plan, with the workers that it names; returns how each trial ended.

    Raises DermaiError when another process works on the experiment.
    """
    with writing_to(folder / LOCK):
        lock = (folder / LOCK).open("ab")
    with lock:
        if not hold(lock):
            raise DermaiError(f"{folder} is still being worked on", "wait for it, or stop its process")
        experiment = read_experiment(folder)
        by_stage = {"try": halving.carry_out, "search": search.carry_out}.get(experiment.kind)
        return by_stage(folder) if by_stage else carry_on(folder, experiment.trials)
