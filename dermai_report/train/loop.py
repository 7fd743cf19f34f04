"""The training: for each phase, for each epoch: train, validate, record; then evaluate the best epoch on test."""

from __future__ import annotations

import time
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from dermai_report import environment
from dermai_report.errors import DermaiError
from dermai_report.measures.leakage import leaks
from dermai_report.run import Parent
from dermai_report.storage import run_places
from dermai_report.storage.audit_files import AUDIT, write_audit
from dermai_report.storage.run_directory import RunWriter
from dermai_report.storage.run_places import Folder
from dermai_report.train import (
    backbones,
    checkpoints,
    distributed,
    failures,
    machine,
    metrics,
    precision,
    readme,
    weights,
)
from dermai_report.train.background import Background
from dermai_report.train.conclusion import conclude
from dermai_report.train.config import TrainConfig
from dermai_report.train.data import load_data
from dermai_report.train.epoch import end_epoch, learning_rates, train_epoch
from dermai_report.train.evaluate import Outcome, evaluate
from dermai_report.train.history import History
from dermai_report.train.interruption import Interruption, interruptible
from dermai_report.train.progress import Progress
from dermai_report.train.training import Phase, Training, prepare, present_phase

if TYPE_CHECKING:
    from dermai_report.remote.mirror import Mirror


@dataclass(frozen=True)
class Epoch:
    """What came of an epoch: metrics in training and on validation, rates of the trained groups, seconds."""

    train: dict[str, float]
    validated: Outcome
    val: dict[str, float]
    rates: list[float]
    seconds: float


@dataclass(frozen=True)
class Result:
    """What came of a run: its directory, its epochs, the test outcome, and the signal that ended it early, if any.

    address: where readers find it: the directory, or what that was mirrored to.
    """

    path: Path
    address: str
    history: History
    test: Outcome | None
    signal: int | None


def train(
    config: TrainConfig, command: str, progress: Progress, resume: Path | str | None = None, parent: Parent | None = None
) -> Result:
    """Train, evaluate and record one run; a signal ends it early, marked as interrupted.

    resume: the run to continue; parent: the run whose recommendations made this configuration.

    Whatever can be wrong with the call or the data is found before the run directory is made. Raises DermaiError.
    """
    device = machine.choose_device(config)
    backbones.check(config.model)  # before the pictures are decoded, which may take minutes
    weights.check_named(config.weights)
    with distributed.joined(device):
        return _train(config, device, command, progress, resume, parent)


def _train(
    config: TrainConfig,
    device: torch.device,
    command: str,
    progress: Progress,
    resume: Path | str | None,
    parent: Parent | None,
) -> Result:
    with distributed.first_alone():  # the others find what it has decoded
        data = load_data(replace(config, audit=config.audit and not resume and distributed.is_first()), progress.count)
    config = replace(
        config,
        image_size=data.image_size,
        name=config.name or f"{config.model}-{config.epochs}-epochs",
        precision=precision.choose(config.precision, device),
    )
    split_seed = config.seed if config.split_seed is None else config.split_seed
    for split in data.held_out:
        progress.say(f"no {split} folder: held out {data.size_of(split)} of the training images by seed {split_seed}")
    if data.facts.unreadable:
        progress.say(f"left out {len(data.facts.unreadable)} unreadable images, such as {data.facts.unreadable[0]}")
    if data.facts.excluded:
        progress.say(f"left out: {', '.join(f'{name} ({sum(n.values())} images)' for name, n in data.facts.excluded.items())}")
    for splits, pairs in leaks(data.facts, data.audit).items():
        progress.say(f"{len(pairs)} pairs of copies in two splits ({splits}), such as {pairs[0].first} and {pairs[0].second}")
    for splits, groups in (data.facts.straddling or {}).items():
        progress.say(f"{len(groups)} groups have images in two splits ({splits}), such as {groups[0]}")
    if config.weights == "none" and config.unfreeze != "full":
        progress.say("random weights, and some of them frozen: --unfreeze full trains all of them")
    training, history = prepare(config, data, device), History()
    place = reopened(resume, training, history, progress) if resume else None
    run = open_run(training, command, parent, place, history) if distributed.is_first() else None
    path, address = distributed.agreed((run.path, run.address) if run else (Path(), ""))
    with interruptible() as interruption, run or nullcontext():
        try:
            phase = fit(training, history, run, interruption, progress)
            progress.status("evaluating the best epoch")
            test = conclude(config, data, training.evaluated, phase.engine, history, run)
        except KeyboardInterrupt:
            if run:
                run.finish("interrupted")
            return Result(path, address, history, None, interruption.signal)
        except (RuntimeError, MemoryError, ValueError) as error:
            if failures.is_out_of_memory(error):
                raise failures.out_of_memory(config) from error
            if failures.is_single_value(error):
                raise failures.single_value(config) from error
            raise
    return Result(path, address, history, test, None)


def reopened(resume: Path | str, training: Training, history: History, progress: Progress) -> Folder | Mirror | None:
    """The place of the run that goes on, with its last whole epoch taken over; None in a process that does not write."""
    place = run_places.reopen(resume, progress.say) if distributed.is_first() else None
    try:
        if place:
            checkpoints.check_same_data(place.path, training.data)
        path = place.path if place else None
        checkpoints.load_state(path, training.model.net, training.optimizer, training.average, history)
    except DermaiError:
        if place:
            place.abandoned()
        raise
    return place


def open_run(
    training: Training,
    command: str,
    parent: Parent | None = None,
    place: Folder | Mirror | None = None,
    history: History | None = None,
) -> RunWriter:
    """The run directory, with everything that is known before the first epoch; or that of the run that goes on at `place`."""
    if place:
        return RunWriter.resume(place, epochs=history.epochs if history else 0)
    config, data = training.config, training.data
    run = RunWriter(
        config.runs,
        name=config.name,
        classes=data.classes,
        config=config.record(),
        data=data.facts,
        environment_facts={**environment.versions(), **machine.describe(training.device), "command": command},
        seed=config.seed,
        parent=parent,
    )
    readme.write(run.path, run.address, config, data, command)
    if data.audit is not None:
        write_audit(run.path / AUDIT, data.audit)
    run.changed()
    return run


def fit(training: Training, history: History, run: RunWriter | None, interruption: Interruption, progress: Progress) -> Phase:
    """The algorithm: epoch by epoch, train, validate, record. Returns the phase it ended in.

    A history that has epochs already, of a resumed run, is continued. run: None in a process that does not write.
    """
    config = training.config
    measured = training.data.train.sample(config.train_eval, config.seed)
    phase, told = present_phase(training, history), None
    with Background() as files:
        while history.epochs < config.epochs:
            if phase.is_last and history.stops_early(config):
                progress.say(f"early stopping: no progress of the validation loss for {config.early_stopping} epochs")
                break
            phase = present_phase(training, history, phase)
            epoch, start = history.epochs + 1, time.perf_counter()
            machine.seed_all(config.seed, epoch)
            trained = train_epoch(training, phase, epoch, history, interruption, progress)
            end_epoch(training, phase, epoch, interruption, progress)
            for net in (training.model.net, training.evaluated):
                distributed.as_first(net, buffers_only=True)  # each process has averaged its own pictures
            progress.status("validating")
            validated = evaluate(phase.engine, training.data.val)
            val = metrics.of_validation(validated, training.objective)
            if len(measured):
                trained |= metrics.of_training_images(evaluate(phase.engine, measured))
            is_best = history.add(val, config.best_by)
            rates, seconds = learning_rates(training.optimizer, phase.groups), time.perf_counter() - start
            if run is not None:
                record(training, phase, history, run, files, Epoch(trained, validated, val, rates, seconds))
                if run.trouble and run.trouble != told:
                    progress.say(run.trouble)
                told = run.trouble
            progress.epoch_line(epoch, config.epochs, trained, val, rates[0], seconds, is_best)
    return phase


def record(training: Training, phase: Phase, history: History, run: RunWriter, files: Background, epoch: Epoch) -> None:
    """The files of the epoch before, then this line, then the epoch's weights, and last of all what resuming starts from.

    Killed anywhere in between, a run resumes at most one epoch earlier, drops the lines, and does them again to the same end.
    """
    files.wait()
    validated = epoch.validated
    run.log_epoch(
        epoch=history.epochs,
        train=epoch.train,
        val=epoch.val,
        lr=epoch.rates,
        seconds=epoch.seconds,
        phase=phase.name if len(phase.groups) < len(training.model.groups) else "full",
        val_samples=(validated.losses, validated.predicted, validated.labels),
    )
    ended = checkpoints.snapshot(training.model.net, training.optimizer, training.average, history)
    files.start(partial(checkpoints.save, run, ended, training.config))
