"""Weights averaged over late epochs: which ones, what is validated and shipped, and BatchNorm statistics that fit them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from dermai_report.storage.run_directory import read_run_directory
from dermai_report.train import checkpoints, epoch, loop
from dermai_report.train.batches import evaluation_batches
from dermai_report.train.config import TrainConfig
from dermai_report.train.data import load_data
from dermai_report.train.history import History
from dermai_report.train.interruption import interruptible
from dermai_report.train.progress import Progress
from dermai_report.train.training import Training, prepare

Options = Callable[..., dict[str, Any]]


@pytest.fixture(autouse=True)
def without_export(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoints, "export_last", lambda *args: None)


@pytest.fixture
def ends(monkeypatch: pytest.MonkeyPatch) -> list[checkpoints.Snapshot]:
    """What was saved at the end of each epoch."""
    real, kept = checkpoints.snapshot, []

    def snapshot(*args: Any) -> checkpoints.Snapshot:
        kept.append(real(*args))
        return kept[-1]

    monkeypatch.setattr(checkpoints, "snapshot", snapshot)
    return kept


def fitted(values: dict[str, Any]) -> Training:
    config = TrainConfig.from_mapping(values)
    training = prepare(config, load_data(config), torch.device("cpu"))
    with loop.open_run(training, "") as writer, interruptible() as interruption:
        loop.fit(training, History(), writer, interruption, Progress())
    return training


def test_the_mean_of_the_late_epochs_is_validated_and_shipped(options: Options, ends: list[checkpoints.Snapshot]) -> None:
    path = loop.train(
        TrainConfig.from_mapping(options(epochs=4, swa_start=0.25, lr=0.01, schedule="none")), "", Progress()
    ).path
    names = [name for name, _ in prepare_net(options).named_parameters()]
    raw = [end.state["net"] for end in ends]
    for n, mean_of in ((0, raw[:1]), (1, raw[1:2]), (2, raw[1:3]), (3, raw[1:4])):
        for name in names:
            expected = torch.stack([weights[name] for weights in mean_of]).mean(dim=0)
            assert torch.allclose(ends[n].shipped[name], expected, atol=1e-6), (n, name)
    done = read_run_directory(path)
    best = done.checkpoints["best"].epoch
    losses = done.series("val", "loss")
    assert losses[best - 1] == min(losses)
    saved = torch.load(path / checkpoints.BEST, weights_only=True)
    assert all(torch.equal(saved[name], ends[best - 1].shipped[name]) for name in saved)


def prepare_net(options: Options) -> torch.nn.Module:
    config = TrainConfig.from_mapping(options())
    return prepare(config, load_data(config), torch.device("cpu")).model.net


@pytest.mark.parametrize("frozen_bn", ["train", "eval"])
def test_batchnorm_statistics_are_those_of_the_averaged_weights(options: Options, frozen_bn: str) -> None:
    """One batch holds all training images, so its own statistics are the answer; frozen ones in evaluation mode stay."""
    values = options(epochs=3, swa_start=0.1, batch_size=18, augment="none", model="resnet18", frozen_bn=frozen_bn, lr=0.01)
    training = fitted(values)
    net = training.evaluated.eval()
    seen: dict[str, Tensor] = {}
    first, trained = net.get_submodule("bn1"), net.get_submodule("layer4.0.bn1")
    for name, module in (("bn1", first), ("layer4.0.bn1", trained)):
        module.register_forward_pre_hook(lambda _, x, name=name: seen.update({name: x[0].detach()}))
    (batch,) = evaluation_batches(training.data.train, 18, torch.device("cpu"))
    if frozen_bn == "train":
        net.train()  # what comes before a layer is normalised by the batch itself, as when the statistics were taken
    kept = first.running_mean.clone(), first.running_var.clone()
    expected = trained.running_mean.clone(), trained.running_var.clone()
    with torch.no_grad():
        net(batch)
    x = seen["layer4.0.bn1"]
    assert torch.allclose(expected[0], x.mean(dim=(0, 2, 3)), atol=1e-4)
    assert torch.allclose(expected[1], x.var(dim=(0, 2, 3)), rtol=1e-3, atol=1e-4)
    if frozen_bn == "train":
        assert torch.allclose(kept[0], seen["bn1"].mean(dim=(0, 2, 3)), atol=1e-4)
    else:
        assert torch.equal(kept[0], torch.zeros_like(kept[0])) and torch.equal(kept[1], torch.ones_like(kept[1]))


def test_a_batch_that_is_no_number_leaves_the_statistics(options: Options, monkeypatch: pytest.MonkeyPatch) -> None:
    real, passes = epoch.epoch_batches, [0]

    def batches(*args: Any) -> Iterator[tuple[Tensor, Tensor]]:
        passes[0] += 1
        for n, (features, target) in enumerate(real(*args)):
            yield (features * float("nan") if n == 1 and passes[0] % 2 == 1 and passes[0] > 1 else features), target

    monkeypatch.setattr(epoch, "epoch_batches", batches)  # passes: epoch 1, epoch 2, its statistics, epoch 3, its statistics
    training = fitted(options(epochs=3, swa_start=0.1, on_nan="skip"))
    assert passes[0] == 5
    assert all(buffer.isfinite().all() for buffer in training.evaluated.buffers())


def test_mixed_precision_fused_views_and_an_ensemble(options: Options) -> None:
    """Everything that shares the frozen part, at once; the average is validated by the same engine."""
    values = options(
        epochs=3, swa_start=0.3, model="resnet18", frozen_bn="eval", precision="bf16", views=2, ensemble=2, train_eval=4
    )
    path: Path = loop.train(TrainConfig.from_mapping(values), "", Progress()).path
    done = read_run_directory(path)
    assert done.status == "finished"
    assert all(0 < e.val["loss"] < 100 for e in done.epochs)
    assert done.test is not None
