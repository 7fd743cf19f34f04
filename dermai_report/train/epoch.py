"""One pass over the training images: batch by batch, forward, backward, update."""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch
from torch import Tensor
from torch.optim import Optimizer
from torch.optim.swa_utils import update_bn

from dermai_report.train import (
    distributed,
    failures,
    metrics,
)
from dermai_report.train.batches import count_batches, training_batches
from dermai_report.train.ema import Average
from dermai_report.train.history import History
from dermai_report.train.interruption import Interruption
from dermai_report.train.precision import computing_in
from dermai_report.train.progress import Progress
from dermai_report.train.schedule import factor, set_learning_rates
from dermai_report.train.swa import EpochAverage
from dermai_report.train.training import Phase, Training


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
    if not (training.config.mixup or training.config.cutmix):
        yield from training_batches(training.data.train, training.config, training.device, phase.engine.frozen)
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
        if isinstance(training.average, Average):
            training.average.update(training.model.net)
    optimizer.zero_grad(set_to_none=True)  # None, not 0: a frozen parameter is passed over, decay included
    return usable


def end_epoch(training: Training, phase: Phase, epoch: int, interruption: Interruption, progress: Progress) -> None:
    """Average the epoch's weights, where they are, and take the BatchNorm statistics of the average from the training images.

    One more pass, forward only, over images augmented and mixed as in training. The frozen part of `phase`, whose statistics
    stay as they are, takes no part. With on_nan "skip" a batch that leaves a statistic not finite is forgotten.
    """
    average = training.average
    if not isinstance(average, EpochAverage):
        return
    average.update(training.model.net, epoch)
    if average.updates < 2:  # the network of the moment: its statistics are its own
        return
    engine = phase.engine
    statistics = list(average.net.buffers())

    def batches() -> Iterator[Tensor]:
        for features, _ in epoch_batches(training, phase, epoch):
            interruption.check()
            kept = [b.clone() for b in statistics] if training.config.on_nan == "skip" else []
            yield features
            if kept and not all(b.isfinite().all() for b in statistics):
                for buffer, before in zip(statistics, kept, strict=True):
                    buffer.copy_(before)

    progress.status("averaging the weights")
    with computing_in(engine.precision, engine.device):
        update_bn(batches(), engine.evaluated)


def learning_rates(optimizer: Optimizer, phase: tuple[str, ...]) -> list[float]:
    """The rates of the trained groups, the output layer's first; one number where all are the same."""
    rates = [group["lr"] for group in optimizer.param_groups if group["name"] in phase]
    return rates[:1] if len(set(rates)) == 1 else rates
