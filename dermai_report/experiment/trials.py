"""The runs of an experiment, read once, and their predictions on one set of samples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dermai_report import measures
from dermai_report.errors import DermaiError
from dermai_report.experiment_files import Experiment, Trial, run_of
from dermai_report.report import TrialFacts
from dermai_report.run import SMALLEST_PROBABILITY, Run
from dermai_report.run_reading import read_run_directory


@dataclass(frozen=True)
class Done:
    """A trial and its run."""

    trial: Trial
    run: Run


@dataclass(frozen=True)
class Stacked:
    """The predictions of several trials on the same samples: correct (S, n) 0 or 1, loss (S, n) nats or None, and of each sample
    its name and label; probabilities (S, n, classes) float32 or None."""

    sample: tuple[str, ...]
    label: np.ndarray
    correct: np.ndarray
    loss: np.ndarray | None
    probabilities: np.ndarray | None


def read_trials(folder: Path, experiment: Experiment) -> tuple[list[Done], list[TrialFacts]]:
    """The finished trials with their runs, and the facts of all. A run that cannot be read is a fact too, with why."""
    done, facts = [], []
    for trial in experiment.trials:
        place = run_of(folder, trial)
        told = TrialFacts(name=trial.name, status="waiting", seed=trial.seed, fold=trial.fold, actions=trial.actions)
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


def stack(done: Sequence[Done], split: str) -> Stacked | None:
    """Their predictions of a split on the samples that all have, in one order; None where they share none, or labels differ."""
    outcomes = [d.run.predictions.get(split) for d in done]
    if not outcomes or any(outcome is None for outcome in outcomes):
        return None
    known = [outcome for outcome in outcomes if outcome is not None]
    shared = set(known[0].sample).intersection(*(outcome.sample for outcome in known[1:]))
    if not shared or len({d.run.classes for d in done}) > 1:
        return None
    sample = tuple(name for name in known[0].sample if name in shared)
    rows = []
    for outcome in known:
        place = {name: i for i, name in enumerate(outcome.sample)}
        rows.append(np.array([place[name] for name in sample]))
    label = known[0].label[rows[0]]
    if any((outcome.label[row] != label).any() for outcome, row in zip(known, rows, strict=True)):
        return None
    correct = np.stack([outcome.predicted[row] == label for outcome, row in zip(known, rows, strict=True)])
    tables = [outcome.probabilities[row] for outcome, row in zip(known, rows, strict=True) if outcome.probabilities is not None]
    probabilities = np.stack(tables) if len(tables) == len(known) else None
    loss = None
    if probabilities is not None:
        loss = -np.log(np.maximum(probabilities[:, np.arange(len(label)), label].astype(np.float64), SMALLEST_PROBABILITY))
    return Stacked(sample, label, correct.astype(float), loss, probabilities)


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
