"""The configuration of a training: the command line, the --config file, the record in run.json, the target of patches.

One field, one key, one option; a Space beside its Meta makes it a value that can be searched. Nothing here imports torch, so
`dermai-train --help` is quick.
"""

from __future__ import annotations

import csv
import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Literal, get_origin, get_type_hints

import msgspec
from msgspec import Meta

from dermai_report.errors import DermaiError, unknown_name
from dermai_report.storage.experiment_files import Space
from dermai_report.train import agreement, strategies

Fraction = Annotated[float, Meta(ge=0, lt=1)]
Count = Annotated[int, Meta(ge=0)]
Seed = Annotated[int, Meta(ge=0, le=2**63 - 1)]  # what torch takes
Positive = Annotated[int, Meta(ge=1)]
NotNegative = Annotated[float, Meta(ge=0)]

# Where each heading of --help begins; the fields stand in this order below.
SECTIONS = {
    "data": "data",
    "model": "model",
    "epochs": "optimisation",
    "augment": "regularisation",
    "best_by": "evaluation",
    "device": "machine",
}


@dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """Everything that can be chosen about a training run."""

    data: Annotated[
        str,
        Meta(
            description="folder of images; CSV or Parquet file with the columns path, label and perhaps split, group and others; "
            ".npz file of MedMNIST; folder of MNIST's idx files; torchvision data set by name; or 'digits'"
        ),
    ]
    data_root: Annotated[str, Meta(description="folder below which torchvision finds the data set that --data names")] = ""
    name: Annotated[str, Meta(description="name of the run; empty: model and number of epochs")] = ""
    runs: Annotated[str, Meta(description="folder, or address such as s3://bucket/runs, that receives the run directory")] = (
        "runs"
    )
    seed: Annotated[Seed, Meta(description="seed of the split, the weights, the order and the augmentation")] = 0
    image_size: (
        Annotated[
            Annotated[int, Meta(ge=32, le=1024)],
            Meta(description="side of the square that pictures are resized to; by default 224, for digits 32"),
        ]
        | None
    ) = None
    val_fraction: Annotated[
        float, Meta(gt=0, lt=1, description="part of train held out where there is no validation folder")
    ] = 0.15
    test_fraction: Annotated[Fraction, Meta(description="part of train held out where there is no test folder; 0: no test")] = (
        0.15
    )
    exclude_class: Annotated[
        tuple[str, ...], Meta(description="classes to leave out of this run, with commas; the files stay as they are")
    ] = ()
    only_classes: Annotated[tuple[str, ...], Meta(description="leave out all classes but these")] = ()
    metadata: Annotated[
        str, Meta(description="CSV or Parquet file with a row an image: path, and perhaps group, split and further columns")
    ] = ""
    group_column: Annotated[str, Meta(description="column of it that says what belongs together, such as patient_id")] = ""
    group_regex: Annotated[
        str, Meta(description="regular expression that finds in a path what belongs together; groups are held out whole")
    ] = ""
    split_duplicates_together: Annotated[bool, Meta(description="keep copies of an image in one split when splitting")] = False
    split_seed: Annotated[Seed, Meta(description="seed of what is held out of train; by default the seed")] | None = None
    folds: Annotated[
        int,
        Meta(ge=0, le=100, description="cross-validation: parts that train and validation are divided into; 0: as they are"),
    ] = 0
    fold: Annotated[Count, Meta(description="cross-validation: the part that validates, from 1")] = 0
    audit: Annotated[
        bool, Meta(description="look for copies, and images that show little, before training; see dermai-data")
    ] = True
    skip_bad_images: Annotated[bool, Meta(description="leave out unreadable images and count them")] = False

    model: Annotated[str, Meta(description="torchvision model by name")] = "resnet18"
    weights: Annotated[str, Meta(description="imagenet, none, or a state_dict file")] = "imagenet"
    unfreeze: Annotated[str, Meta(description="which layers are trained")] = "layer4+fc"
    unfreeze_by: Annotated[
        Literal["epoch", "plateau"],
        Meta(description="gradual: the next layer after --unfreeze-every epochs, or after as many without progress"),
    ] = "epoch"
    unfreeze_every: Annotated[Positive, Meta(description="gradual: epochs a phase")] = 3
    frozen_bn: Annotated[
        Literal["train", "eval"],
        Meta(description="BatchNorm of frozen layers: statistics go on updating, or stay"),
    ] = "train"
    dropout: Annotated[Fraction, Meta(description="dropout before the last layer"), Space(low=0, high=0.7)] = 0.0

    epochs: Annotated[Positive, Meta(description="passes over the training data")] = 10
    batch_size: Annotated[Positive, Meta(description="images a step")] = 32
    accumulate: Annotated[Positive, Meta(description="steps whose gradients are added up before an update")] = 1
    optimizer: Annotated[str, Meta(description="update rule")] = "adam"
    lr: Annotated[
        float, Meta(gt=0, le=100, description="learning rate of the last layer"), Space(low=1e-5, high=0.1, log=True)
    ] = 1e-3
    layer_lr_decay: Annotated[
        float,
        Meta(gt=0, le=1, description="factor on the learning rate for each layer group further from the output"),
        Space(low=0.1, high=1),
    ] = 1.0
    momentum: Annotated[Fraction, Meta(description="momentum of sgd"), Space(low=0.5, high=0.99)] = 0.9
    weight_decay: Annotated[
        NotNegative, Meta(description="weight decay (adam, sgd: L2; adamw: decoupled)"), Space(low=1e-6, high=0.1, log=True)
    ] = 0.0
    clip_grad_norm: Annotated[
        NotNegative, Meta(description="largest norm of the gradient; 0: no limit"), Space(low=0.1, high=10, log=True)
    ] = 0.0
    schedule: Annotated[str, Meta(description="course of the learning rate")] = "plateau"
    plateau_patience: Annotated[Count, Meta(description="plateau: epochs without progress that are tolerated")] = 2
    plateau_factor: Annotated[
        float, Meta(gt=0, lt=1, description="plateau: factor on the learning rate"), Space(low=0.05, high=0.7)
    ] = 0.1
    warmup_epochs: Annotated[Count, Meta(description="epochs in which the learning rate rises linearly")] = 0
    early_stopping: Annotated[Count, Meta(description="stop after so many epochs without progress; 0: never")] = 0
    min_delta: Annotated[NotNegative, Meta(description="early stopping: smallest change that counts as progress")] = 0.0

    augment: Annotated[str, Meta(description="augmentation of training images")] = "light"
    views: Annotated[
        Count,
        Meta(
            description="augmented views of each image, reused in turn; needs frozen_bn eval; 0: a fresh one each epoch, slower"
        ),
    ] = 0
    mixup: Annotated[NotNegative, Meta(description="alpha of MixUp (0.2 is usual); 0: off"), Space(low=0.05, high=1)] = 0.0
    cutmix: Annotated[NotNegative, Meta(description="alpha of CutMix (1 is usual); 0: off"), Space(low=0.05, high=1)] = 0.0
    label_smoothing: Annotated[
        Fraction, Meta(description="part of each label spread over all classes"), Space(low=0, high=0.3)
    ] = 0.0
    class_weights: Annotated[bool, Meta(description="weigh the loss by inverse class frequency")] = True
    balanced_sampling: Annotated[bool, Meta(description="draw every class equally often; replaces class weights")] = False
    ema: Annotated[
        Fraction,
        Meta(description="decay of the moving average of weights (0.999 is usual); 0: off"),
        Space(low=0.9, high=0.9999),
    ] = 0.0
    swa_start: Annotated[
        Fraction,
        Meta(description="part of the epochs after which the weights at the end of each are averaged (0.75 is usual); 0: off"),
        Space(low=0.3, high=0.9),
    ] = 0.0
    swa_lr: Annotated[
        float,
        Meta(ge=0, le=100, description="learning rate of the last layer while averaging; 0: as the schedule goes on"),
        Space(low=1e-5, high=0.1, log=True),
    ] = 0.0
    swa_anneal_epochs: Annotated[
        Count, Meta(description="epochs in which the learning rate turns to swa_lr, along a cosine; 0: at once")
    ] = 0

    best_by: Annotated[Literal["val_loss", "val_accuracy", "val_macro_f1"], Meta(description="what chooses the best epoch")] = (
        "val_loss"
    )
    tta: Annotated[int, Meta(ge=1, le=8, description="views averaged in the final evaluation (mirrored, turned); 1: off")] = 1
    ensemble: Annotated[
        int, Meta(ge=1, le=16, description="best epochs whose probabilities are averaged in the final evaluation; 1: the best")
    ] = 1
    temperature_scaling: Annotated[
        bool, Meta(description="final evaluation with the logits divided by the temperature that validation asks for")
    ] = False
    train_eval: Annotated[Count, Meta(description="training images also evaluated without augmentation each epoch; 0: off")] = 0

    device: Annotated[str, Meta(pattern=r"^(auto|cpu|mps|cuda(:\d+)?)$", description="auto, cpu, cuda, cuda:N, mps")] = "auto"
    threads: Annotated[int, Meta(ge=0, le=1024, description="processor threads; 0: as torch chooses")] = 0
    precision: Annotated[
        Literal["auto", "float32", "bf16"],
        Meta(description="format of convolutions and matrix products; auto: bf16 where the machine computes in it natively"),
    ] = "auto"
    on_nan: Annotated[
        Literal["stop", "skip"], Meta(description="a training loss that is not a number: stop the run, or leave out the batch")
    ] = "stop"
    cache: Annotated[
        str, Meta(description="folder of decoded images, reused by later runs, safe to delete; none: off; empty: ~/.cache")
    ] = ""
    cache_memory: Annotated[
        Count, Meta(description="MiB of features kept in memory; more of them lie in a memory-mapped file that is removed")
    ] = 4096

    @classmethod
    def checked(cls, values: Mapping[str, Any], *, text: bool = False) -> dict[str, Any]:
        """The values with their types, each within its range; with `text` they are strings from a command line.

        Raises DermaiError for an unknown key (naming the nearest one) and for a value out of its range.
        """
        return {key: _check(key, value, text) for key, value in values.items()}

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any]) -> TrainConfig:
        """A whole, checked configuration. Raises DermaiError as `checked` does, when no data is named, and for values that
        exclude each other."""
        checked = cls.checked(values)
        if not checked.get("data"):
            raise DermaiError("no data was named", "give --data DIR (a folder of images) or --data digits")
        config = cls(**checked)
        agreement.check(config)
        return config

    @property
    def epochs_before_averaging(self) -> int:
        """Epochs that pass before the weights are averaged at the end of each; 0 where they never are."""
        return int(self.swa_start * self.epochs + 1e-9)  # 0.29 of 100 is 29, whatever the last digit of the product

    def record(self) -> dict[str, Any]:
        """The flat mapping kept in run.json; `from_mapping` of it gives the same configuration."""
        values = {key: list(value) if isinstance(value, tuple) else value for key, value in dataclasses.asdict(self).items()}
        return {key: value for key, value in values.items() if value is not None}


def _check(key: str, value: Any, text: bool) -> Any:
    hints = type_hints()
    if key not in hints:
        raise unknown_name("configuration key", key, hints)
    if text and takes_several(key):
        value = [name for text in value for name in next(csv.reader([text]), [])]  # "a name, with a comma" in quotes
    try:
        checked = msgspec.convert(value, hints[key], strict=not text)
    except msgspec.ValidationError as error:
        expected = str(error).partition(" - at ")[0]
        several = 'a list of names in quotes, such as ["1", "2"]' if takes_several(key) else ""
        bounds = range_of(key)
        raise DermaiError(f"{key} = {value!r} is out of range: {expected}", f"range: {bounds}" if bounds else several) from None
    if isinstance(checked, float) and not math.isfinite(checked):
        raise DermaiError(f"{key} = {value!r} is not a finite number", f"range: {range_of(key)}")
    if key in strategies.KINDS:
        strategies.check(key, checked)
    return checked


def takes_several(key: str) -> bool:
    """Whether a key holds a list, which a command line gives with commas."""
    hint = type_hints()[key]
    return get_origin(getattr(hint, "__origin__", hint)) is tuple


@cache
def type_hints() -> dict[str, Any]:
    """The annotated type of every key."""
    return get_type_hints(TrainConfig, include_extras=True)


def fields() -> dict[str, dataclasses.Field[Any]]:
    """The fields by key, in order."""
    return {field.name: field for field in dataclasses.fields(TrainConfig)}


def metas(key: str) -> list[Meta]:
    """The annotations of a key, those of an optional type included."""
    found: list[Meta] = []

    def collect(kind: Any) -> None:
        found.extend(m for m in getattr(kind, "__metadata__", ()) if isinstance(m, Meta))
        for inner in (*getattr(kind, "__args__", ()), getattr(kind, "__origin__", None)):
            if inner is not None and inner is not kind:
                collect(inner)

    collect(type_hints()[key])
    return found


def searchable() -> dict[str, Space]:
    """The keys whose continuous values can be searched, and where they usually lie."""
    spaces = {
        key: next((m for m in getattr(hint, "__metadata__", ()) if isinstance(m, Space)), None)
        for key, hint in type_hints().items()
    }
    return {key: space for key, space in spaces.items() if space is not None}


def description_of(key: str) -> str:
    """What a key means."""
    return next(m.description for m in metas(key) if m.description)


def range_of(key: str) -> str:
    """The values a key may take, in words; empty for free text."""
    if key in strategies.KINDS:
        return ", ".join(strategies.names(key))
    hint = type_hints()[key]
    choices = getattr(getattr(hint, "__origin__", None), "__args__", ())
    if choices and all(isinstance(c, str) for c in choices):
        return ", ".join(choices)
    signs = {"ge": ">=", "gt": ">", "le": "<=", "lt": "<"}
    bounds = [f"{signs[s]} {getattr(m, s):g}" for m in metas(key) for s in signs if getattr(m, s) is not None]
    return " and ".join(bounds)
