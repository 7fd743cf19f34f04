"""What a training works with, and the phases it goes through."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch.optim import Optimizer

from dermai_report.train import (
    machine,
    shared_norm,
    strategies,
)
from dermai_report.train.config import TrainConfig
from dermai_report.train.data import DataSet, storage_of
from dermai_report.train.ema import Average
from dermai_report.train.engine import Engine, build_engine
from dermai_report.train.history import History
from dermai_report.train.loss import Objective, build_objective
from dermai_report.train.mixing import Mix, build_mix
from dermai_report.train.model import Classifier, build_classifier
from dermai_report.train.swa import EpochAverage
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
    average: Average | EpochAverage | None

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


def prepare(config: TrainConfig, data: DataSet, device: torch.device) -> Training:
    """Model, optimizer and loss. channels_last is only an order in memory; convolutions are faster in it."""
    machine.make_repeatable(device)
    model = build_classifier(config, len(data.classes))
    shared_norm.share_statistics(model.net)
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
        average=build_average(model.net, config),
    )


def build_average(net: torch.nn.Module, config: TrainConfig) -> Average | EpochAverage | None:
    """The average of the weights that the configuration asks for, if it does."""
    if config.ema:
        return Average(net, config.ema)
    return EpochAverage(net, config.epochs_before_averaging) if config.swa_start else None


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
