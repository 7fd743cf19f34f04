"""Freezing, groups, weights from files, and keys that torchvision knows."""

from __future__ import annotations

import urllib.error
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from dermai_report.errors import DermaiError
from dermai_report.train import strategies
from dermai_report.train.config import TrainConfig
from dermai_report.train.model import Classifier, build_classifier
from dermai_report.train.torchvision_compat import torchvision


def build(**options: Any) -> Classifier:
    return build_classifier(TrainConfig.from_mapping({"data": "digits", "weights": "none", **options}), 3)


def trainable(model: Classifier) -> set[str]:
    return {name.split(".")[0] for name, p in model.net.named_parameters() if p.requires_grad}


@pytest.mark.parametrize(
    ("unfreeze", "expected"),
    [
        ("head", [{"fc"}]),
        ("layer4+fc", [{"layer4", "fc"}]),
        ("gradual", [{"layer4", "fc"}, {"layer3", "layer4", "fc"}, {"layer2", "layer3", "layer4", "fc"}]),
        ("full", [{"conv1", "bn1", "layer1", "layer2", "layer3", "layer4", "fc"}]),
    ],
)
def test_unfreezing(unfreeze: str, expected: list[set[str]]) -> None:
    model, seen = build(), []
    for phase in strategies.load("unfreeze", unfreeze).phases(tuple(model.groups)):
        model.set_trainable(phase)
        seen.append(trainable(model))
    assert seen == expected


@pytest.mark.parametrize("frozen_bn", ["train", "eval"])
def test_frozen_batchnorm(frozen_bn: str) -> None:
    model = build(frozen_bn=frozen_bn)
    model.set_trainable(("layer4", "fc"))
    model.train_mode(frozen_bn)
    modes = {n.split(".")[0]: m.training for n, m in model.net.named_modules() if isinstance(m, nn.BatchNorm2d)}
    assert modes.pop("layer4")
    assert set(modes.values()) == {frozen_bn == "train"}


@pytest.mark.parametrize("name", ["resnet18", "mobilenet_v3_small", "efficientnet_b0", "densenet121", "vgg11_bn"])
def test_groups_hold_every_parameter_once(name: str) -> None:
    model = build(model=name)
    grouped = [p for modules in model.groups.values() for m in modules for p in m.parameters()]
    assert {id(p) for p in grouped} == {id(p) for p in model.net.parameters()}
    assert len(grouped) == len({id(p) for p in grouped})
    assert list(model.groups)[-5:-1] == ["layer1", "layer2", "layer3", "layer4"]
    assert all(any(True for m in modules for _ in m.parameters()) for modules in model.groups.values())
    model.net.eval()
    assert model.net(torch.zeros(1, 3, 64, 64)).shape == (1, 3)


def test_unknown_models() -> None:
    with pytest.raises(DermaiError, match="did you mean 'resnet18'"):
        build(model="resnet81")
    with pytest.raises(DermaiError, match="vit_b_16"):
        build(model="vit_b_16")


def test_state_dict_fits_torchvision_with_dropout() -> None:
    model = build(dropout=0.5)
    plain = torchvision.models.resnet18(num_classes=3)
    plain.load_state_dict(model.net.state_dict())
    x = torch.randn(4, 3, 64, 64)
    assert torch.allclose(plain.eval()(x), model.net.eval()(x))
    model.net.fc.train()  # type: ignore[union-attr]
    features = torch.ones(1, 512)
    assert not torch.equal(model.net.fc(features), model.net.fc(features))  # type: ignore[operator]


def test_learning_rates_fall_towards_the_input() -> None:
    groups = build().parameter_groups(TrainConfig(data="digits", lr=0.1, layer_lr_decay=0.5))
    assert [(g["name"], g["lr"]) for g in groups][:3] == [("fc", 0.1), ("layer4", 0.05), ("layer3", 0.025)]


def test_weights_from_a_file(tmp_path: Path) -> None:
    source = torchvision.models.resnet18(num_classes=7)  # another head: left out
    torch.save(source.state_dict(), tmp_path / "w.pth")
    model = build(weights=str(tmp_path / "w.pth"))
    assert torch.equal(model.net.state_dict()["layer1.0.conv1.weight"], source.state_dict()["layer1.0.conv1.weight"])
    assert model.net.state_dict()["fc.weight"].shape == (3, 512)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (lambda: torchvision.models.resnet34().state_dict(), "layer1.2.bn1.bias, which the model lacks"),
        (lambda: torchvision.models.resnet50().state_dict(), "does not fit resnet18"),
        (lambda: {"conv1.weight": torch.zeros(1)}, "conv1.weight is (1,), not (64, 3, 7, 7)"),
        (lambda: {"bn1.weight": torch.zeros(64)}, "lacks bn1.bias"),
        (lambda: [1, 2], "holds no state_dict"),
    ],
)
def test_weights_that_do_not_fit(tmp_path: Path, content: Any, message: str) -> None:
    torch.save(content(), tmp_path / "w.pth")
    with pytest.raises(DermaiError) as caught:
        build(weights=str(tmp_path / "w.pth"))
    assert message in str(caught.value)


def test_weights_files_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "w.pth").write_bytes(b"not torch")
    with pytest.raises(DermaiError, match="cannot read weights"):
        build(weights=str(tmp_path / "w.pth"))
    with pytest.raises(DermaiError, match="no weights file"):
        build(weights=str(tmp_path / "absent.pth"))
    torch.save(nn.Linear(1, 1), tmp_path / "pickled.pth")  # a whole module: code, refused
    with pytest.raises(DermaiError, match="cannot read weights"):
        build(weights=str(tmp_path / "pickled.pth"))


def test_a_failed_download_names_the_alternatives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: Any, **options: Any) -> None:
        raise urllib.error.URLError("no route to host")

    monkeypatch.setattr("torch.hub.download_url_to_file", fail)
    monkeypatch.setattr("torch.hub._hub_dir", str(tmp_path))
    with pytest.raises(DermaiError) as caught:
        build(weights="imagenet")
    text = str(caught.value)
    assert "no route to host" in text
    assert str(tmp_path / "checkpoints" / "resnet18-f37072fd.pth") in text
    assert "--weights none" in text
    assert "--weights FILE" in text


def test_imagenet_weights_are_taken_where_they_were_put(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = torchvision.models.resnet18()
    (tmp_path / "checkpoints").mkdir()
    torch.save(source.state_dict(), tmp_path / "checkpoints" / "resnet18-f37072fd.pth")
    monkeypatch.setattr("torch.hub._hub_dir", str(tmp_path))
    state = build(weights="imagenet").net.state_dict()
    assert torch.equal(state["layer4.1.conv2.weight"], source.state_dict()["layer4.1.conv2.weight"])
