"""The training: for each phase, for each epoch: train, validate, record; then evaluate the best epoch on test."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch.optim import Optimizer

from dermai_report import environment
from dermai_report.errors import DermaiError
from dermai_report.run_directory import RunWriter
from dermai_report.train import checkpoints, machine, metrics, readme, strategies
from dermai_report.train.batches import count_batches, training_batches
from dermai_report.train.config import TrainConfig
from dermai_report.train.data import DataSet, load_data
from dermai_report.train.ema import Average
from dermai_report.train.evaluate import Outcome, evaluate
from dermai_report.train.history import History
from dermai_report.train.interruption import Interruption, interruptible
from dermai_report.train.loss import Objective, build_objective
from dermai_report.train.mixing import Mix, build_mix
from dermai_report.train.model import Classifier, build_classifier
from dermai_report.train.progress import Progress
from dermai_report.train.schedule import factor, set_learning_rates


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
class Result:
    """What came of a run: its directory, its epochs, the test outcome, and the signal that ended it early, if any."""

    path: Path
    history: History
    test: Outcome | None
    signal: int | None


def train(config: TrainConfig, command: str, progress: Progress) -> Result:
    """Train, evaluate and record one run; a signal ends it early, marked as interrupted.

    Whatever can be wrong with the call or the data is found before the run directory is made. Raises DermaiError.
    """
    device = machine.choose_device(config)
    data = load_data(config, progress.count)
    config = replace(config, image_size=data.image_size, name=config.name or f"{config.model}-{config.epochs}-epochs")
    for split in data.held_out:
        progress.say(f"no {split} folder: held out {data.size_of(split)} of the training images by seed {config.seed}")
    if config.weights == "none" and config.unfreeze != "full":
        progress.say("random weights, and some of them frozen: --unfreeze full trains all of them")
    training = prepare(config, data, device)
    history = History()
    with interruptible() as interruption, open_run(training, command) as run:
        try:
            fit(training, history, run, interruption, progress)
            test = conclude(training, history, run)
        except KeyboardInterrupt:
            run.finish("interrupted")
            return Result(run.path, history, None, interruption.signal)
    return Result(run.path, history, test, None)


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


def open_run(training: Training, command: str) -> RunWriter:
    """The run directory, with everything that is known before the first epoch."""
    config, data = training.config, training.data
    run = RunWriter(
        config.runs,
        name=config.name,
        classes=data.classes,
        config=config.record(),
        data=data.facts,
        environment_facts={**environment.versions(), **machine.describe(training.device), "command": command},
        seed=config.seed,
    )
    readme.write(run.path, config, data, command)
    return run


def fit(training: Training, history: History, run: RunWriter, interruption: Interruption, progress: Progress) -> None:
    """The algorithm. A phase is the set of layer groups being trained; most runs have one."""
    config, model = training.config, training.model
    measured = training.data.train.sample(config.train_eval, config.seed)
    phases = strategies.load("unfreeze", config.unfreeze).phases(tuple(model.groups))
    for phase in phases:
        model.set_trainable(phase)
        history.phase_start = history.epochs
        while history.epochs < config.epochs and (phase is phases[-1] or not history.phase_over(config)):
            epoch, start = history.epochs + 1, time.perf_counter()
            machine.seed_all(config.seed, epoch)
            trained = train_epoch(training, epoch, history, interruption, progress)
            validated = evaluate(training.evaluated, training.data.val, training.device)
            val = metrics.of_validation(validated, training.objective)
            if len(measured):
                trained |= metrics.of_training_images(evaluate(training.evaluated, measured, training.device))
            is_best = history.add(val, config.best_by)
            rates, seconds = learning_rates(training.optimizer, phase), time.perf_counter() - start
            run.log_epoch(
                epoch=epoch,
                train=trained,
                val=val,
                lr=rates,
                seconds=seconds,
                phase="+".join(phase) if len(phase) < len(model.groups) else "full",
                val_samples=(validated.losses, validated.predicted, validated.labels),
            )
            if is_best:  # after the line: a checkpoint never holds an epoch that the log lacks
                checkpoints.save_best(run, training.evaluated, epoch, config.best_by)
            progress.epoch_line(epoch, config.epochs, trained, val, rates[0], seconds, is_best)
            if phase is phases[-1] and history.stops_early(config):
                progress.say(f"early stopping: no progress of the validation loss for {config.early_stopping} epochs")
                return


def train_epoch(
    training: Training, epoch: int, history: History, interruption: Interruption, progress: Progress
) -> dict[str, float]:
    """One pass over the training images; its metrics are of the very batches trained on, augmented, in training mode."""
    config, model, optimizer = training.config, training.model, training.optimizer
    batches = count_batches(len(training.data.train), config.batch_size)
    updates = math.ceil(batches / config.accumulate)
    advance = progress.epoch(epoch, config.epochs, batches)
    tally = metrics.Tally()
    model.train_mode(config.frozen_bn)
    for number, (plain, labels) in enumerate(training_batches(training.data.train, config, training.device)):
        interruption.check()
        images, target = training.mix(plain, labels)
        logits = model.net(images)
        loss = training.objective(logits, target)
        value = loss.item()  # waits for the device; a loss that is not finite must stop the run at this very batch
        if not math.isfinite(value):
            raise diverged(value, epoch, number + 1, optimizer.param_groups[0]["lr"])
        window = min(config.accumulate, batches - number // config.accumulate * config.accumulate)
        torch.autograd.backward(loss / window)
        if (number + 1) % config.accumulate == 0 or number + 1 == batches:
            step = (epoch - 1) * updates + number // config.accumulate
            set_learning_rates(optimizer, factor(config, step, updates, history.phase_losses))
            update(training)
        tally.add(logits.detach(), target, value)
        advance(tally.seen, tally.loss, tally.accuracy)
    return tally.metrics()


def update(training: Training) -> None:
    """One step of the optimizer."""
    if training.config.clip_grad_norm:
        torch.nn.utils.clip_grad_norm_(training.model.net.parameters(), training.config.clip_grad_norm)
    training.optimizer.step()
    training.optimizer.zero_grad(set_to_none=True)  # None, not 0: a frozen parameter is passed over, decay included
    if training.average:
        training.average.update(training.model.net)


def conclude(training: Training, history: History, run: RunWriter) -> Outcome | None:
    """Export the final model, then evaluate the best epoch: on validation for its predictions, once on test."""
    config, data, best = training.config, training.data, history.best_epoch
    checkpoints.export_last(run, training.evaluated, data.image_size, history.epochs)
    if best is None:
        raise DermaiError(f"{config.best_by} was not a number in any epoch", "lower --lr, or set --clip-grad-norm 1")
    checkpoints.load_best(run, training.evaluated)
    outcomes = {}
    for split, images in (("val", data.val), ("test", data.test)):
        if images is None:
            continue
        outcomes[split] = outcome = evaluate(training.evaluated, images, training.device, config.tta)
        run.log_evaluation(
            split,
            labels=outcome.labels,
            probabilities=outcome.probabilities,
            samples=images.samples,
            loss=outcome.loss,
            checkpoint="best",
            epoch=best,
        )
    return outcomes.get("test")


def learning_rates(optimizer: Optimizer, phase: tuple[str, ...]) -> list[float]:
    """The rates of the trained groups, the output layer's first; one number where all are the same."""
    rates = [group["lr"] for group in optimizer.param_groups if group["name"] in phase]
    return rates[:1] if len(set(rates)) == 1 else rates


def diverged(value: float, epoch: int, batch: int, lr: float) -> DermaiError:
    """The error for a training loss that is not finite."""
    return DermaiError(
        f"the training loss became {value} in epoch {epoch}, batch {batch} (learning rate {lr:g})",
        "lower --lr, set --clip-grad-norm 1, or add --warmup-epochs 1; the run directory keeps the epochs before it",
    )
