"""Where the weights of a network come from: ImageNet, nowhere, or a file. Never a silent substitute."""

from __future__ import annotations

import contextlib
import pickle
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import torch
from torch import Tensor

from dermai_report.errors import DermaiError
from dermai_report.train.backbones import Backbone
from dermai_report.train.torchvision_compat import torchvision


def load_weights(backbone: Backbone, model: str, weights: str) -> None:
    """Fill the network with weights ("imagenet", "none", or a state_dict file) before its last layer is replaced.

    A file may lack the last layer, or have it for other classes: that layer is trained anew anyway. Raises DermaiError
    where a download fails, a file cannot be read safely, or its shapes are of another network.
    """
    if weights == "none":
        return
    state = _imagenet(model) if weights == "imagenet" else _from_file(Path(weights))
    _fill(backbone, state, model, weights)


def _imagenet(model: str) -> dict[str, Tensor]:
    choice = torchvision.models.get_model_weights(model).DEFAULT
    if model.startswith("resnet") and hasattr(type(choice), "IMAGENET1K_V1"):
        choice = type(choice).IMAGENET1K_V1  # the weights of the original recipe; V2 came later, from another one
    try:
        with contextlib.redirect_stdout(sys.stderr):  # torch announces a download on stdout, where only results belong
            state: dict[str, Tensor] = choice.get_state_dict(progress=False, check_hash=True)
    except (OSError, RuntimeError) as error:  # URLError is an OSError; a wrong hash is a RuntimeError
        place = Path(torch.hub.get_dir()) / "checkpoints" / Path(urlparse(choice.url).path).name
        raise DermaiError(
            f"cannot download the ImageNet weights of {model} from {choice.url}: {error}",
            f"put that file at {place}, or name a state_dict with --weights FILE, or start from random weights with "
            "--weights none (then --unfreeze full: random layers must not stay frozen)",
        ) from error
    return state


def check_named(weights: str) -> None:
    """Raise DermaiError when `weights` names a file that is not there."""
    if weights not in ("imagenet", "none") and not Path(weights).is_file():
        raise DermaiError(f"no weights file {weights}", "give --weights imagenet, none, or the path of a state_dict")


def _from_file(path: Path) -> dict[str, Tensor]:
    check_named(str(path))
    try:
        loaded: Any = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, EOFError, ValueError, KeyError, pickle.UnpicklingError) as error:
        first_line = str(error).strip().partition("\n")[0]
        if isinstance(error, pickle.UnpicklingError):  # torch's own words advise to load it unsafely
            first_line = "it is no saved state_dict, or holds code, which is not run"
        raise DermaiError(
            f"cannot read weights from {path}: {first_line}",
            "it must be a state_dict saved by torch.save(model.state_dict(), FILE)",
        ) from error
    if isinstance(loaded, dict) and isinstance(loaded.get("state_dict"), dict):
        loaded = loaded["state_dict"]
    if not isinstance(loaded, dict) or not loaded or not all(isinstance(v, Tensor) for v in loaded.values()):
        raise DermaiError(f"{path} holds no state_dict", "save one by torch.save(model.state_dict(), FILE)")
    return {str(key).removeprefix("module."): value for key, value in loaded.items()}


def _fill(backbone: Backbone, state: dict[str, Tensor], model: str, source: str) -> None:
    own = backbone.net.state_dict()
    head = {f"{backbone.head}.{part}" for part in ("weight", "bias")}
    body = {key: value for key, value in state.items() if key not in head}
    wrong = [key for key, value in body.items() if key in own and own[key].shape != value.shape]
    if wrong:
        theirs, ours = tuple(state[wrong[0]].shape), tuple(own[wrong[0]].shape)
        raise DermaiError(
            f"{source} does not fit {model}: {wrong[0]} is {theirs}, not {ours}",
            "these weights are of another model: choose it with --model",
        )
    missing, unexpected = sorted(set(own) - head - set(body)), sorted(set(body) - set(own))
    if missing or unexpected:
        odd = f"lacks {missing[0]}" if missing else f"has {unexpected[0]}, which the model lacks"
        raise DermaiError(f"{source} does not fit {model}: it {odd}", "choose the model they are of with --model")
    backbone.net.load_state_dict(body, strict=False)
