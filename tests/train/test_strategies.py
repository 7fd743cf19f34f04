"""Schedules against torch's own, augmentation against geometry, losses against torch's mean."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

from dermai_report.train import strategies
from dermai_report.train.batches import batch_places, count_batches
from dermai_report.train.config import TrainConfig
from dermai_report.train.ema import Average
from dermai_report.train.history import History, without_progress
from dermai_report.train.loss import Objective, build_objective
from dermai_report.train.mixing import build_mix
from dermai_report.train.schedule import factor
from dermai_report.train.strategies.augment._colour import jitter
from dermai_report.train.strategies.augment._draw import Draw
from dermai_report.train.strategies.augment._geometry import erase, warp
from dermai_report.train.torchvision_compat import transforms

STEPS = 10


def config(**options: Any) -> TrainConfig:
    return TrainConfig.from_mapping({"data": "digits", **options})


def optimizer() -> torch.optim.Optimizer:
    return torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=1.0)


@given(st.lists(st.floats(0.01, 3) | st.just(math.nan), min_size=1, max_size=30), st.integers(0, 4))
def test_plateau_is_that_of_torch(losses: list[float], patience: int) -> None:
    theirs = optimizer()
    scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(theirs, patience=patience, eps=0)
    chosen = config(schedule="plateau", plateau_patience=patience)
    for n, loss in enumerate(losses, start=1):
        scheduler.step(loss)
        assert factor(chosen, n * STEPS, STEPS, tuple(losses[:n])) == pytest.approx(theirs.param_groups[0]["lr"])


@pytest.mark.filterwarnings("ignore:Detected call of `lr_scheduler.step")
@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("cosine", lambda o: torch.optim.lr_scheduler.CosineAnnealingLR(o, T_max=8 * STEPS)),
        ("warm-restarts", lambda o: torch.optim.lr_scheduler.CosineAnnealingWarmRestarts(o, T_0=2 * STEPS, T_mult=2)),
        ("cyclic", lambda o: torch.optim.lr_scheduler.CyclicLR(o, 0.1, 1.0, 2 * STEPS, cycle_momentum=False)),
    ],
)
def test_schedules_are_those_of_torch(name: str, make: Any) -> None:
    theirs = optimizer()
    scheduler = make(theirs)
    for step in range(8 * STEPS):
        ours = factor(config(schedule=name, epochs=8), step, STEPS, ())
        assert ours == pytest.approx(theirs.param_groups[0]["lr"], abs=1e-9)
        scheduler.step()


def test_one_cycle_rises_and_falls() -> None:
    course = [factor(config(schedule="one-cycle", epochs=10), step, STEPS, ()) for step in range(100)]
    assert course[0] == pytest.approx(1 / 25)
    assert course.index(max(course)) == 30
    assert course[-1] < 0.01


def test_warm_up_comes_first() -> None:
    chosen = config(schedule="cosine", epochs=4, warmup_epochs=1)
    course = [factor(chosen, step, STEPS, ()) for step in range(4 * STEPS)]
    assert course[:STEPS] == pytest.approx([(n + 1) / STEPS for n in range(STEPS)])
    assert course[STEPS] == 1
    assert course == sorted(course[:STEPS]) + sorted(course[STEPS:], reverse=True)


@pytest.mark.parametrize("name", strategies.names("augment"))
def test_augmentation_keeps_shape_and_range(name: str) -> None:
    torch.manual_seed(0)
    images = torch.rand(8, 3, 32, 32)
    out = strategies.load("augment", name).augment(images, Draw(len(images), 1))
    assert out.shape == images.shape
    assert out.min() >= 0 and out.max() <= 1
    if name != "none":  # each image has a draw of its own
        same = strategies.load("augment", name).augment(images[:1].expand(8, -1, -1, -1).contiguous(), Draw(8, 1))
        assert len({row.sum().item() for row in same}) == 8


def test_colours_vary_as_those_of_torchvision() -> None:
    images, theirs = torch.rand(4, 3, 9, 7), transforms().functional
    factors = Draw(4, 5)
    brightness, contrast, saturation = (factors(0.6, 1.4).tolist() for _ in range(3))
    for n, ours in enumerate(jitter(images.clone(), Draw(4, 5), 0.4)):
        image = theirs.adjust_contrast(theirs.adjust_brightness(images[n], brightness[n]), contrast[n])
        assert torch.allclose(
            ours, theirs.adjust_saturation(image, saturation[n]), atol=1e-3
        )  # its grey is rounded to 4 digits


def test_warp_is_the_geometry_it_says() -> None:
    images = torch.rand(4, 3, 16, 16)
    still, no, yes = torch.zeros(4), torch.zeros(4, dtype=torch.bool), torch.ones(4, dtype=torch.bool)
    assert torch.allclose(warp(images, angle=still, flip=no), images, atol=1e-5)
    assert torch.allclose(warp(images, angle=still, flip=yes), images.flip(3), atol=1e-5)
    quarter = warp(images, angle=still + math.pi / 2, flip=no)
    assert any(torch.allclose(quarter, torch.rot90(images, k, (2, 3)), atol=1e-4) for k in (1, 3))
    enlarged = warp(images, angle=still, flip=no, zoom=2.0)
    assert torch.allclose(enlarged.mean(), images[:, :, 4:12, 4:12].mean(), atol=0.02)


def test_erasing_blackens_a_share() -> None:
    torch.manual_seed(0)
    out = erase(torch.ones(400, 3, 32, 32), Draw(400, 1), chance=0.5, low=0.02, high=0.2)
    holes = (out == 0).float().mean(dim=(1, 2, 3))
    assert 0.4 < (holes > 0).float().mean() < 0.6
    assert holes.max() < 0.25


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_objective_is_torchs_weighted_mean(smoothing: float) -> None:
    logits, labels, weights = torch.randn(9, 3), torch.randint(3, (9,)), torch.tensor([0.5, 1.0, 2.0])
    ours = Objective(weights, smoothing)(logits, labels)
    assert torch.allclose(ours, F.cross_entropy(logits, labels, weight=weights, label_smoothing=smoothing))
    mixed = Objective(weights, smoothing)(logits, F.one_hot(labels, 3).float())
    assert torch.allclose(ours, mixed, atol=1e-6)


def test_class_weights() -> None:
    labels = torch.tensor([0] * 6 + [1] * 2)
    assert build_objective(config(), labels, 2).weights.tolist() == pytest.approx([8 / 12, 8 / 4])
    for off in ({"class_weights": False}, {"balanced_sampling": True}):
        assert build_objective(config(**off), labels, 2).weights.tolist() == [1, 1]


def test_batches_cover_an_epoch() -> None:
    for n, size in ((10, 3), (10, 10), (9, 4), (3, 8), (1, 4)):
        rows = batch_places(torch.zeros(n, dtype=torch.int64), config(batch_size=size))
        assert torch.cat(rows).sort().values.tolist() == list(range(n))
        assert len(rows) == count_batches(n, size)
        assert n == 1 or min(map(len, rows)) > 1


def test_balanced_sampling_draws_classes_equally() -> None:
    torch.manual_seed(0)
    labels = torch.tensor([0] * 950 + [1] * 50)
    rows = torch.cat(batch_places(labels, config(balanced_sampling=True)))
    assert 0.4 < labels[rows].float().mean() < 0.6


@pytest.mark.parametrize("options", [{"mixup": 0.2}, {"cutmix": 1.0}, {"mixup": 0.2, "cutmix": 1.0}])
def test_mixed_labels_are_distributions(options: dict[str, float]) -> None:
    images, target = build_mix(config(**options), 3)(torch.rand(6, 3, 16, 16), torch.arange(6) % 3)
    assert images.shape == (6, 3, 16, 16)
    assert torch.allclose(target.sum(dim=1), torch.ones(6))


def test_average_follows_the_weights() -> None:
    net = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))
    average = Average(net, 0.9)
    with torch.no_grad():
        net[0].weight.fill_(1.0)
    net(torch.randn(8, 2))
    for _ in range(200):
        average.update(net)
    assert torch.allclose(average.net[0].weight, net[0].weight, atol=1e-4)  # type: ignore[index]
    assert torch.equal(average.net[1].running_mean, net[1].running_mean)  # type: ignore[index]


def test_the_rate_of_weight_averaging_is_that_of_torch() -> None:
    """Three epochs as the schedule has it, then four of annealing and a constant rate, per epoch as SWALR steps."""
    theirs = optimizer()
    scheduler = torch.optim.swa_utils.SWALR(theirs, swa_lr=0.25, anneal_epochs=4)
    chosen = config(schedule="none", epochs=10, lr=1.0, swa_start=0.3, swa_lr=0.25, swa_anneal_epochs=4)
    assert [factor(chosen, epoch, 1, ()) for epoch in range(3)] == [1.0] * 3
    for epoch in range(3, 10):
        assert factor(chosen, epoch, 1, ()) == pytest.approx(theirs.param_groups[0]["lr"])
        theirs.step()
        scheduler.step()
    assert factor(config(epochs=4, swa_start=0.5, swa_lr=0.01), 3 * STEPS, STEPS, ()) == pytest.approx(
        10.0
    )  # of the default rate


def test_early_stopping_waits_for_averaged_weights() -> None:
    history = History(losses=[1.0, 2.0, 3.0, 0.9, 1.0])
    assert history.stops_early(config(epochs=8, early_stopping=1))
    assert not history.stops_early(config(epochs=8, early_stopping=1, swa_start=0.75))
    assert not history.stops_early(config(epochs=8, early_stopping=2, swa_start=0.4))
    assert history.stops_early(config(epochs=8, early_stopping=1, swa_start=0.4))


def test_history_picks_and_stops() -> None:
    history = History()
    bests = [history.add({"loss": v, "accuracy": 0.5}, "val_loss") for v in (1.0, math.nan, 0.8, 0.8, 0.9)]
    assert bests == [True, False, True, False, False]
    assert history.best_epoch == 3
    assert not history.stops_early(config(early_stopping=3))
    assert history.stops_early(config(early_stopping=2))
    assert without_progress((1.0, 0.99, 0.98), 0.1) == 2
    by_accuracy = History()
    assert [by_accuracy.add({"loss": 1.0, "accuracy": a}, "val_accuracy") for a in (0.2, 0.5, 0.5)] == [True, True, False]


def test_phases_end_by_epoch_or_on_a_plateau() -> None:
    history = History(losses=[1.0, 0.9, 0.95, 0.96])

    def entered(phases: int = 3, **options: Any) -> tuple[int, int]:
        return history.enter_phase(config(**options), phases), history.phase_start

    assert entered(unfreeze_every=4) == (1, 4)
    assert entered(unfreeze_every=5) == (0, 0)
    assert entered(unfreeze_every=1) == (2, 2)
    assert entered(unfreeze_every=1, phases=1) == (0, 0)
    assert entered(unfreeze_by="plateau", unfreeze_every=2) == (1, 4)
    assert entered(unfreeze_by="plateau", unfreeze_every=3) == (0, 0)
