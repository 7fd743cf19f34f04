"""The fast ways give what the plain way gives: fused layers, cut networks, kept features, caches."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from dermai_report.errors import DermaiError
from dermai_report.train import fused, precision, workers
from dermai_report.train.batches import training_batches
from dermai_report.train.bypass import without
from dermai_report.train.config import TrainConfig
from dermai_report.train.data import load_data
from dermai_report.train.engine import Engine, build_engine
from dermai_report.train.evaluate import evaluate
from dermai_report.train.model import Classifier, build_classifier
from dermai_report.train.storage import Storage
from dermai_report.train.views import Views

CPU = torch.device("cpu")
Options = Callable[..., dict[str, Any]]


def randomised(model: Classifier) -> Classifier:
    """BatchNorm statistics and gains as after training: with those of a new network folding would be too easy."""
    generator = torch.Generator().manual_seed(1)
    for module in model.net.modules():
        if isinstance(module, nn.BatchNorm2d):
            for tensor, low in (
                (module.weight, 0.5),
                (module.bias, -0.3),
                (module.running_mean, -0.3),
                (module.running_var, 0.5),
            ):
                assert tensor is not None
                tensor.data = torch.rand(tensor.shape, generator=generator) + low
    return model


def classifier(name: str = "resnet18", **options: Any) -> tuple[Classifier, TrainConfig]:
    values = {"data": "digits", "weights": "none", "model": name, "frozen_bn": "eval", "precision": "float32", "image_size": 64}
    config = TrainConfig.from_mapping({**values, **options})
    model = randomised(build_classifier(config, 3))
    model.net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    model.set_trainable(("layer4", list(model.groups)[-1]))
    model.train_mode("eval")
    return model, config


def pictures(n: int, side: int = 64) -> Tensor:
    return torch.randn(n, 3, side, side, generator=torch.Generator().manual_seed(2)).contiguous(
        memory_format=torch.channels_last
    )


@pytest.mark.parametrize("number_format", ["float32", "bf16"])
@pytest.mark.parametrize("name", ["resnet18", "resnet50"])
def test_fused_layers_agree_with_plain_ones(name: str, number_format: precision.Precision) -> None:
    model, _ = classifier(name)
    modules, x = model.frozen_modules(), pictures(4)
    forward = fused.fuse(modules, x, number_format)
    if forward is None:
        pytest.skip("this torch has no oneDNN operators to fuse with")
    with torch.inference_mode():
        fast = forward(x)
    plain = fused.apply(modules, x, number_format)
    assert fast.dtype == plain.dtype
    assert (fast - plain).abs().max() <= fused.TOLERANCE[number_format] * plain.abs().max()
    exact = fused.apply(modules, x, "float32")
    assert (fast.float() - exact).norm() <= (0.02 if number_format == "bf16" else 1e-5) * exact.norm()


def test_what_cannot_be_fused_is_left_plain(monkeypatch: pytest.MonkeyPatch) -> None:
    model, _ = classifier("mobilenet_v3_small")
    assert fused.fuse(model.frozen_modules(), pictures(2), "float32") is None
    model, config = classifier()
    monkeypatch.setattr(fused, "_operators", object)  # a torch without them
    assert fused.fuse(model.frozen_modules(), pictures(2), "float32") is None
    engine = build_engine(model, None, config, CPU, Storage(0, Path()))
    assert torch.allclose(engine.features(pictures(5)), fused.apply(model.frozen_modules(), pictures(5), "float32"), atol=1e-3)


def test_fused_layers_that_differ_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    model, _ = classifier()
    monkeypatch.setattr(fused.Convolution, "onto", lambda self, total, x: total)
    assert fused.fuse(model.frozen_modules(), pictures(2), "float32") is None


@pytest.mark.parametrize(
    "name", ["resnet18", "mobilenet_v3_small", "efficientnet_b0", "densenet121", "vgg11_bn", "convnext_tiny"]
)
def test_the_two_parts_are_the_network(name: str) -> None:
    model, config = classifier(name)
    engine = build_engine(model, None, config, CPU, Storage(0, Path()))
    model.net.eval()
    with torch.inference_mode():
        whole = model.net(pictures(5))
        assert torch.allclose(engine.evaluate(engine.features(pictures(5))), whole, atol=1e-4)
    assert {id(p) for p in engine.trained.parameters()} == {id(p) for p in model.net.parameters() if p.requires_grad}


def test_gradients_reach_the_trained_part_only() -> None:
    model, config = classifier()
    engine = build_engine(model, None, config, CPU, Storage(0, Path()))
    model.train_mode("eval")
    engine.logits(engine.features(pictures(4))).sum().backward()
    assert {n.split(".")[0] for n, p in model.net.named_parameters() if p.grad is not None} == {"layer4", "fc"}


def test_bypassing_leaves_the_network_whole() -> None:
    model, _ = classifier()
    before = list(model.net.named_modules())
    without(model.net, model.frozen_modules())
    assert list(model.net.named_modules()) == before


def test_kept_features_and_their_file_give_the_same(options: Options, tmp_path: Path) -> None:
    config = TrainConfig.from_mapping(options(model="resnet18", frozen_bn="eval", image_size=64))
    data, (model, _) = load_data(config), classifier()
    plain = Engine(None, model.net, model.net, "float32", CPU, Storage(0, tmp_path))
    expected = evaluate(plain, data.val)
    for limit in (2**30, 0):  # in memory; in a mapped file
        engine = build_engine(model, None, config, CPU, Storage(limit, tmp_path / "maps"))
        first, second = evaluate(engine, data.val), evaluate(engine, data.val)
        assert np.array_equal(first.losses, second.losses)
        assert first.losses == pytest.approx(expected.losses, rel=1e-3)
    assert not list((tmp_path / "maps").iterdir())
    engine.kept[data.val].zero_()
    assert not np.array_equal(evaluate(engine, data.val).losses, second.losses)  # they are what is evaluated


def test_views_are_cycled_and_belong_to_the_seed(options: Options) -> None:
    config = TrainConfig.from_mapping(options(model="resnet18", frozen_bn="eval", views=2, image_size=64))
    data, (model, _) = load_data(config), classifier()

    def made(epochs: list[int]) -> dict[int, Tensor]:
        engine = build_engine(model, None, config, CPU, Storage(2**30, Path()))
        views = Views(data.train, config, engine)
        for epoch in epochs:
            torch.manual_seed(epoch)
            assert sum(len(labels) for _, labels in views.batches(epoch)) == len(data.train)
        return views.made

    straight, resumed = made([1, 2, 3]), made([4])
    assert list(straight) == [0, 1]
    assert not torch.equal(straight[0], straight[1])
    assert torch.equal(straight[1], resumed[1])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"views": 2}, "add --frozen-bn eval"),
        ({"views": 2, "frozen_bn": "eval", "unfreeze": "full"}, "choose another --unfreeze"),
        ({"views": 2, "frozen_bn": "eval", "mixup": 0.2}, "use one of the two"),
    ],
)
def test_views_need_a_fixed_frozen_part(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(DermaiError, match=message):
        TrainConfig.from_mapping({"data": "digits", **changes})


def test_pieces_are_put_together_in_order() -> None:
    batch = torch.arange(11)
    seeds = list(range(workers.count_pieces(batch)))
    out = workers.in_pieces(lambda piece, seed: piece * 10 + seed, batch, seeds)
    assert out.tolist() == [n * 10 + n // workers.PIECE for n in range(11)]
    threads = torch.get_num_threads()
    with pytest.raises(ZeroDivisionError):
        workers.in_pieces(lambda piece: piece / (1 // 0), batch)
    assert torch.get_num_threads() == threads


def test_precision_is_chosen_by_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precision, "_processor_has_bf16", lambda: False)
    assert precision.choose("auto", CPU) == "float32"
    monkeypatch.setattr(precision, "_processor_has_bf16", lambda: True)
    assert precision.choose("auto", CPU) == "bf16"
    assert precision.choose("float32", CPU) == "float32"
    assert precision.choose("auto", torch.device("mps")) == "float32"


def test_decoded_images_are_reused(options: Options, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    config = TrainConfig.from_mapping(options(seed=1))
    first = load_data(config)
    (file,) = (tmp_path / "cache" / "dermai-report").glob("*.npy")

    def refuse(*args: Any) -> None:
        raise AssertionError("decoded again")

    with monkeypatch.context() as patch:
        patch.setattr("dermai_report.datasets.decoding.resize", refuse)
        again = load_data(TrainConfig.from_mapping(options(seed=2)))
    assert torch.equal(first.train.pixels, again.train.pixels)
    assert first.facts.fingerprint == again.facts.fingerprint
    broken = file.read_bytes()[:500]
    file.unlink()  # not written over: it is mapped
    file.write_bytes(broken)
    assert torch.equal(load_data(config).train.pixels, first.train.pixels)
    assert load_data(TrainConfig.from_mapping(options(cache="none"))).train.store.shape == first.train.store.shape


def test_broken_images_are_remembered_by_the_cache(options: Options, tmp_path: Path) -> None:
    (tmp_path / "photos" / "train" / "red" / "00.jpg").write_bytes(b"broken")
    for _ in range(2):
        assert load_data(TrainConfig.from_mapping(options(skip_bad_images=True))).facts.unreadable == ["train/red/00.jpg"]
    with pytest.raises(DermaiError, match=r"train/red/00\.jpg"):
        load_data(TrainConfig.from_mapping(options()))


def test_a_cache_folder_that_cannot_be_written_is_done_without(options: Options) -> None:
    data = load_data(TrainConfig.from_mapping(options(cache="/proc/none")))
    assert data.train.pixels.float().mean() > 0


def test_a_full_disk_is_an_error_before_anything_is_mapped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(handle: int, start: int, size: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.posix_fallocate", full)
    with pytest.raises(DermaiError, match="No space left"):
        Storage(0, tmp_path).array((10, 10), torch.float32)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("size", [2, 5, 8, 13])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_pooling_by_rows_and_columns_is_that_of_torch(size: int, dtype: torch.dtype) -> None:
    values = torch.rand(3, 16, size, size + 1, generator=torch.Generator().manual_seed(0)).to(dtype)
    values = values.contiguous(memory_format=torch.channels_last)
    pool = nn.MaxPool2d(3, 2, 1)
    assert torch.equal(fused.pooling(pool)(values), pool(values))
    other = nn.MaxPool2d(2, 2)
    assert fused.pooling(other) is other


def test_a_batch_frozen_piece_by_piece_is_the_batch_frozen_whole(options: Options) -> None:
    model, _ = classifier()
    config = TrainConfig.from_mapping(options(model="resnet18", frozen_bn="eval", image_size=64, batch_size=10))
    engine = build_engine(model, None, config, CPU, Storage(0, Path()))
    images = load_data(config).train
    torch.manual_seed(3)
    apart = [(engine.features(batch), labels) for batch, labels in training_batches(images, config, CPU)]
    torch.manual_seed(3)
    assert engine.frozen is not None
    for ours, theirs in zip(training_batches(images, config, CPU, engine.frozen), apart, strict=True):
        assert all(torch.equal(*pair) for pair in zip(ours, theirs, strict=True))
