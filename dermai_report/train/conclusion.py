"""The end of a run: the last model exported, the best epoch evaluated on validation and, once, on test."""

from __future__ import annotations

from torch import nn

from dermai_report.errors import DermaiError
from dermai_report.measures.temperature import temperature
from dermai_report.run import Predictions
from dermai_report.storage.run_directory import RunWriter
from dermai_report.train import checkpoints, readme
from dermai_report.train.config import TrainConfig
from dermai_report.train.data import DataSet
from dermai_report.train.engine import Engine
from dermai_report.train.evaluate import Outcome, evaluate, mean_of
from dermai_report.train.history import History


def conclude(
    config: TrainConfig, data: DataSet, net: nn.Module, engine: Engine, history: History, run: RunWriter | None
) -> Outcome | None:
    """Export, evaluate, fit the temperature; returns the outcome on test. `net` is what `engine` evaluates.

    With an ensemble the predictions are the mean of its members; test.json then names it in place of the best checkpoint. With
    temperature scaling their logits are divided by the temperature, which is written down in any case.
    run: None in a process that does not write.
    """
    best = history.best_epoch
    if run is not None:
        checkpoints.export_last(run, net, data.image_size, history.epochs)
    if best is None:
        raise DermaiError(f"{config.best_by} was not a number in any epoch", "lower --lr, or set --clip-grad-norm 1")
    members = history.best_epochs(config.ensemble)
    files = [checkpoints.MEMBER.format(epoch) for epoch in members] if config.ensemble > 1 else [checkpoints.BEST]
    splits = {"val": data.val, "test": data.test}
    each: dict[str, list[Outcome]] = {name: [] for name, images in splits.items() if images is not None}
    for file in files:
        checkpoints.load_weights(run, file, net)
        for name, outcomes in each.items():
            outcomes.append(evaluate(engine, splits[name], config.tta))  # type: ignore[arg-type]
    means = {name: mean_of(outcomes) for name, outcomes in each.items()}
    fitted = _temperature(means["val"])
    if fitted is not None and config.temperature_scaling:
        means = {name: outcome.cooled(fitted) for name, outcome in means.items()}
    if run is not None:
        _record(config, data, means, dict(zip(members, files, strict=True)), run)
        run.update(temperature=fitted)
        readme.add_temperature(run.path, config, files, fitted)
        run.changed()
    return means.get("test")


def _record(config: TrainConfig, data: DataSet, means: dict[str, Outcome], members: dict[int, str], run: RunWriter) -> None:
    """Checkpoints and evaluations; members: the files of the epochs evaluated, the best first."""
    for rank, (epoch, file) in enumerate(members.items(), start=1):
        if config.ensemble > 1:
            run.log_checkpoint(f"ensemble-{rank}", file, epoch=epoch, by=config.best_by)
    for name, outcome in means.items():
        images = data.val if name == "val" else data.test
        assert images is not None  # it has an outcome
        run.log_evaluation(
            name,
            labels=outcome.labels,
            probabilities=outcome.probabilities,
            samples=images.samples,
            groups=images.groups,
            columns=images.columns,
            loss=outcome.loss,
            checkpoint="best" if config.ensemble == 1 else f"ensemble of epochs {', '.join(map(str, sorted(members)))}",
            epoch=next(iter(members)),
        )


def _temperature(outcome: Outcome) -> float | None:
    names = [str(n) for n in range(len(outcome.labels))]
    fitted = temperature(
        Predictions(sample=names, label=outcome.labels, predicted=outcome.predicted, probabilities=outcome.probabilities)
    )
    return None if fitted is None else round(fitted, 4)
