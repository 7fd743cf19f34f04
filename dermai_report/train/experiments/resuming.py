"""Go on with an experiment that was interrupted: what is finished stays, what was begun goes on, the rest is trained."""

from __future__ import annotations

from pathlib import Path

from dermai_report.experiment_files import read_experiment
from dermai_report.train.experiments import halving, search
from dermai_report.train.experiments.engine import carry_on
from dermai_report.train.experiments.trial import Outcome


def resume(folder: Path) -> list[Outcome]:
    """Carry out what is left of the plan, with the workers that it names."""
    experiment = read_experiment(folder)
    stages = {"try": halving.carry_out, "search": search.carry_out}.get(experiment.kind)
    return stages(folder) if stages else carry_on(folder, experiment.trials)
