"""The training: for each phase, for each epoch: train, validate, record; then evaluate the best epoch on test."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import torch
from torch import Tensor
from torch.optim import Optimizer

from dermai_report import environment
from dermai_report.audit_files import AUDIT, write_audit
from dermai_report.measures.leakage import leaks
from dermai_report.run import Parent
from dermai_report.run_directory import RunWriter
from dermai_report.train import (
    backbones,
    checkpoints,
    distributed,
    failures,
    machine,
    metrics,
    precision,
    readme,
    strategies,
    weights,
)
from dermai_report.train.background import Background
from dermai_report.train.batches import count_batches, training_batches
from dermai_report.train.conclusion import conclude
from dermai_report.train.config import TrainConfig
from dermai_report.train.data import DataSet, load_data, storage_of
from dermai_report.train.ema import Average
from dermai_report.train.engine import Engine, build_engine
from dermai_report.train.evaluate import Outcome, evaluate
from dermai_report.train.history import History
from dermai_report.train.interruption import Interruption, interruptible
from dermai_report.train.loss import Objective, build_objective
from dermai_report.train.mixing import Mix, build_mix
from dermai_report.train.model import Classifier, build_classifier
from dermai_report.train.progress import Progress
from dermai_report.train.schedule import factor, set_learning_rates
from dermai_report.train.views import Views


@dataclass(frozen=True)
class Training:
    """Everything a training works with; nothing here changes but the weights and the optimizer's own state."""

    config: TrainConfig
    data: DataSet
    device: torch.device
    model: Classifier
    optimizer: Optimizer
    objective: Objective
    mix: Mix
    average: Average | None

    @property
    def evaluated(self) -> torch.nn.Module:
        """The network that is evaluated and saved."""
        return self.average.net if self.average else self.model.net


@dataclass(frozen=True)
class Phase:
    """A time in which the same layer groups are trained; most runs have one."""

    number: int
    groups: tuple[str, ...]
    is_last: bool
    engine: Engine
    views: Views | None

    @property
    def name(self) -> str:
        """Its name in the log."""
        return "+".join(self.groups)


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
    """What came of a run: its directory, its epochs, the test outcome, and the signal that ended it early, if any."""

    path: Path
    history: History
    test: Outcome | None
    signal: int | None


def train(
    config: TrainConfig, command: str, progress: Progress, resume: Path | None = None, parent: Parent | None = None
) -> Result:
    """Train, evaluate and record one run; a signal ends it early, marked as interrupted.

    resume: the run to continue; parent: the run whose recommendations made this configuration.

    Whatever can be wrong with the call or the data is found before the run directory is made. Raises DermaiError.
    """
    device = machine.choose_device(config)
    backbones.check_named(config.model)  # before the pictures are decoded, which may take minutes
    weights.check_named(config.weights)
    with distributed.joined(device):
        return _train(config, device, command, progress, resume, parent)


def _train(
    config: TrainConfig,
    device: torch.device,
    command: str,
    progress: Progress,
    resume: Path | None,
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
    for split in data.held_out:
        progress.say(f"no {split} folder: held out {data.size_of(split)} of the training images by seed {config.seed}")
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
    if resume:
        checkpoints.check_same_data(resume, data)
        checkpoints.load_state(resume, training.model.net, training.optimizer, training.average, history)
    run = open_run(training, command, parent, resume, history) if distributed.is_first() else None
    path = Path(distributed.agreed(str(run.path) if run else None) or "")
    with interruptible() as interruption, run or nullcontext():
        try:
            phase = fit(training, history, run, interruption, progress)
            progress.status("evaluating the best epoch")
            test = conclude(config, data, training.evaluated, phase.engine, history, run)
        except KeyboardInterrupt:
            if run:
                run.finish("interrupted")
            return Result(path, history, None, interruption.signal)
        except (RuntimeError, MemoryError) as error:
            if failures.is_out_of_memory(error):
                raise failures.out_of_memory(config) from error
            raise
    return Result(path, history, test, None)


def prepare(config: TrainConfig, data: DataSet, device: torch.device) -> Training:
    """Model, optimizer and loss. channels_last is only an order in memory; convolutions are faster in it."""
    machine.make_repeatable(device)
    model = build_classifier(config, len(data.classes))
    model.net.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    objective = build_objective(config, data.train.labels, len(data.classes))
    return Training(
        config=config,
        data=data,
        device=device,
        model=model,
        optimizer=strategies.load("optimizer", config.optimizer).build(model.parameter_groups(config), config),
        objective=replace(objective, weights=objective.weights.to(device)),
        mix=build_mix(config, len(data.classes)),
        average=Average(model.net, config.ema) if config.ema else None,
    )


def open_run(
    training: Training, command: str, parent: Parent | None = None, resume: Path | None = None, history: History | None = None
) -> RunWriter:
    """The run directory, with everything that is known before the first epoch; or that of the run that goes on."""
    if resume:
        return RunWriter.resume(resume, epochs=history.epochs if history else 0)
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
    readme.write(run.path, config, data, command)
    if data.audit is not None:
        write_audit(run.path / AUDIT, data.audit)
    return run


def fit(training: Training, history: History, run: RunWriter | None, interruption: Interruption, progress: Progress) -> Phase:
    """The algorithm: epoch by epoch, train, validate, record. Returns the phase it ended in.

    A history that has epochs already, of a resumed run, is continued. run: None in a process that does not write.
    """
    config = training.config
    measured = training.data.train.sample(config.train_eval, config.seed)
    phase = present_phase(training, history)
    with Background() as files:
        while history.epochs < config.epochs:
            if phase.is_last and history.stops_early(config):
                progress.say(f"early stopping: no progress of the validation loss for {config.early_stopping} epochs")
                break
            phase = present_phase(training, history, phase)
            epoch, start = history.epochs + 1, time.perf_counter()
            machine.seed_all(config.seed, epoch)
            trained = train_epoch(training, phase, epoch, history, interruption, progress)
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


def present_phase(training: Training, history: History, before: Phase | None = None) -> Phase:
    """The phase of the next epoch: `before` while it lasts, or else a new one, with its layers set free."""
    config, model = training.config, training.model
    phases = strategies.load("unfreeze", config.unfreeze).phases(tuple(model.groups))
    number = history.enter_phase(config, len(phases))
    if before is not None and before.number == number:
        return before
    model.set_trainable(phases[number])
    engine = build_engine(
        model, training.average.net if training.average else None, config, training.device, storage_of(config)
    )
    views = Views(training.data.train, config, engine) if config.views and engine.frozen else None
    return Phase(number, phases[number], number == len(phases) - 1, engine, views)


def train_epoch(
    training: Training, phase: Phase, epoch: int, history: History, interruption: Interruption, progress: Progress
) -> dict[str, float]:
    """One pass over the training images; its metrics are of the very batches trained on, augmented, in training mode."""
    config, model, optimizer = training.config, training.model, training.optimizer
    batches = count_batches(len(training.data.train), config.batch_size)
    updates = math.ceil(batches / config.accumulate)
    advance = progress.epoch(epoch, config.epochs, batches)
    tally = metrics.Tally()
    model.train_mode(config.frozen_bn)
    summed = 0  # batches whose gradients wait for the next update
    for number, (features, target) in enumerate(epoch_batches(training, phase, epoch)):
        interruption.check()
        kept = [b.clone() for b in model.net.buffers()] if config.on_nan == "skip" else []
        logits = phase.engine.logits(features)
        loss = training.objective(logits, target)
        # Waits for the device: a loss that is not finite must stop the run at this very batch.
        loss, value = distributed.mean_loss(loss, training.objective.weight_of(target).sum())
        if math.isfinite(value):
            torch.autograd.backward(loss)
            tally.add(logits.detach(), target, value)
            summed += 1
        elif config.on_nan == "stop" or (number + 1 == batches and not tally.seen):
            raise failures.diverged(value, epoch, number + 1, optimizer.param_groups[0]["lr"])
        else:
            progress.say(f"epoch {epoch}, batch {number + 1}: the loss is {value}, left out")
            for buffer, before in zip(model.net.buffers(), kept, strict=True):
                buffer.copy_(before)  # BatchNorm has averaged what it saw already
        if (number + 1) % config.accumulate == 0 or number + 1 == batches:
            step = (epoch - 1) * updates + number // config.accumulate
            set_learning_rates(optimizer, factor(config, step, updates, history.phase_losses))
            if summed and not update(training, summed):
                progress.say(f"epoch {epoch}, batch {number + 1}: a gradient is not a number, the update is left out")
            summed = 0
        advance(tally.seen, tally.loss, tally.accuracy, optimizer.param_groups[0]["lr"])
    return tally.over_all().metrics()


def epoch_batches(training: Training, phase: Phase, epoch: int) -> Iterator[tuple[Tensor, Tensor]]:
    """What the trained part takes, and the targets; from kept views, or from images augmented and mixed anew."""
    if phase.views:
        yield from phase.views.batches(epoch)
        return
    for plain, labels in training_batches(training.data.train, training.config, training.device):
        images, target = training.mix(plain, labels)
        yield phase.engine.features(images), target


def update(training: Training, summed: int) -> bool:
    """One step of the optimizer, on the mean of the gradients of so many batches.

    With on_nan "skip" a gradient that is not finite changes nothing, and the answer is false: weights would never recover.
    """
    config, optimizer = training.config, training.optimizer
    trained = [p for p in training.model.net.parameters() if p.grad is not None]
    if summed > 1:
        for parameter in trained:
            parameter.grad.div_(summed)  # type: ignore[union-attr]
    usable = True
    if config.clip_grad_norm or config.on_nan == "skip":
        norm = torch.nn.utils.clip_grad_norm_(trained, config.clip_grad_norm or math.inf)
        usable = config.on_nan == "stop" or bool(norm.isfinite())
    if usable:
        optimizer.step()
        if training.average:
            training.average.update(training.model.net)
    optimizer.zero_grad(set_to_none=True)  # None, not 0: a frozen parameter is passed over, decay included
    return usable


def learning_rates(optimizer: Optimizer, phase: tuple[str, ...]) -> list[float]:
    """The rates of the trained groups, the output layer's first; one number where all are the same."""
    rates = [group["lr"] for group in optimizer.param_groups if group["name"] in phase]
    return rates[:1] if len(set(rates)) == 1 else rates
