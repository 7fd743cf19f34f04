"""One config: what is written reads back, and what is wrong is said with its range or the nearest name."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dermai_report.cli.train import build_parser
from dermai_report.errors import DermaiError
from dermai_report.train import config as configuration
from dermai_report.train import strategies
from dermai_report.train.config import TrainConfig
from dermai_report.train.options import read_config


@given(
    st.fixed_dictionaries(
        {"data": st.just("digits")},
        optional={
            "epochs": st.integers(1, 1000),
            "lr": st.floats(1e-8, 10),
            "dropout": st.floats(0, 0.99),
            "schedule": st.sampled_from(["plateau", "cosine", "one-cycle", "warm-restarts"]),
            "image_size": st.integers(32, 1024),
            "class_weights": st.booleans(),
        },
    )
)
def test_record_round_trip(values: dict[str, Any]) -> None:
    config = TrainConfig.from_mapping(values)
    assert TrainConfig.from_mapping(json.loads(json.dumps(config.record()))) == config


def test_record_is_toml_friendly() -> None:
    record = TrainConfig(data="digits").record()
    text = "\n".join(f"{key} = {json.dumps(value)}" for key, value in record.items())
    assert tomllib.loads(text) == record


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"epohcs": 3}, "did you mean 'epochs'"),
        ({"schedule": "cosin"}, "did you mean 'cosine'"),
        ({"unfreeze": "layer4"}, "did you mean 'layer4+fc'"),
        ({"lr": -1.0}, "lr = -1.0 is out of range"),
        ({"lr": float("nan")}, "lr = nan"),
        ({"weight_decay": float("inf")}, "weight_decay = inf is not a finite number"),
        ({"lr": "fast"}, "lr = 'fast' is out of range"),
        ({"dropout": 1.0}, ">= 0 and < 1"),
        ({"epochs": 2.5}, "epochs = 2.5"),
        ({"seed": 2**64}, "seed = 18446744073709551616 is out of range"),
        ({"threads": 100_000}, "<= 1024"),
        ({"only_classes": [1, 2]}, "a list of names in quotes"),
        ({"epochs": "3"}, "epochs = '3'"),
        ({"best_by": "loss"}, "val_loss, val_accuracy, val_macro_f1"),
        ({"image_size": 8}, ">= 32"),
        ({"device": "gpu"}, "device = 'gpu'"),
        ({"val_fraction": 0.5, "test_fraction": 0.5}, "below 1"),
        ({"data": ""}, "no data was named"),
        ({"ema": 0.999, "swa_start": 0.75}, "ema 0.999 and swa_start 0.75"),
        ({"swa_start": 1.0}, ">= 0 and < 1"),
        ({"swa_lr": 0.1}, "add --swa-start 0.75"),
        ({"swa_start": 0.5, "swa_anneal_epochs": 2}, "no learning rate to turn to"),
    ],
)
def test_wrong_values(values: dict[str, Any], message: str) -> None:
    with pytest.raises(DermaiError) as caught:
        TrainConfig.from_mapping({"data": "digits", **values})
    assert message in str(caught.value)


def test_help_documents_every_key() -> None:
    text = build_parser().format_help()
    for key, field in configuration.fields().items():
        assert f"--{key.replace('_', '-')}" in text
        assert configuration.description_of(key), key
        assert not isinstance(field.default, int | float) or isinstance(field.default, bool) or configuration.range_of(key)


def test_strategies_are_the_files_of_their_folder() -> None:
    assert strategies.names("unfreeze") == ["full", "gradual", "head", "layer4+fc"]
    assert "warm-restarts" in strategies.names("schedule")
    for kind in strategies.KINDS:
        for name in strategies.names(kind):
            assert strategies.load(kind, name).__doc__


def test_config_file(tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    path.write_text('model = "resnet18"\nlr = 0.01\n')
    assert read_config(path) == {"model": "resnet18", "lr": 0.01}
    path.write_text("model = resnet18\n")
    with pytest.raises(DermaiError, match=r"c\.toml is not TOML.*line 1"):
        read_config(path)
    with pytest.raises(DermaiError, match=r"cannot read .*absent\.toml"):
        read_config(tmp_path / "absent.toml")
    path.write_text("epohcs = 3\n")
    with pytest.raises(DermaiError, match=r"c\.toml: no configuration key 'epohcs'\n  did you mean 'epochs'"):
        read_config(path)
    path.write_text("[training]\nepochs = 3\n")
    with pytest.raises(DermaiError, match=r"c\.toml: 'training' holds keys of its own"):
        read_config(path)


@pytest.mark.parametrize(("text", "value"), [("1e-3", 1e-3), ("1.e-3", 1e-3), ("2E+0", 2.0), (".5e-1", 0.05), ("0.01", 0.01)])
def test_yaml_numbers_with_an_exponent(text: str, value: float, tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(f"lr: {text}\nmodel: resnet18\n")
    assert read_config(tmp_path / "c.yaml") == {"lr": value, "model": "resnet18"}


def test_patches_of_recommendations_are_understood() -> None:
    actions = pytest.importorskip("dermai_report.actions")
    from dermai_report.report import Action

    patches = {n: a.patch for n, a in vars(actions).items() if isinstance(a, Action) and a.patch}
    assert patches
    wrong = {}
    for name, patch in patches.items():
        try:
            TrainConfig.checked(patch)
        except DermaiError as error:
            wrong[name] = str(error)
    assert not wrong


def test_lists_come_with_commas_or_as_repeated_options() -> None:
    options = vars(build_parser().parse_args(["--exclude-class", 'a,"b, c"', "--exclude-class=-d"]))
    assert TrainConfig.checked(options, text=True) == {"exclude_class": ("a", "b, c", "-d")}
    assert TrainConfig.checked({"only_classes": ["a", "b"]}) == {"only_classes": ("a", "b")}
