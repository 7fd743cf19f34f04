"""A data set of torchvision by name, from a local folder; nothing is downloaded.

    --data FashionMNIST --data-root /srv/datasets

--data-root is what torchvision calls `root`. A split that the set does not have is held out of train by the seed.
"""

from __future__ import annotations

import importlib
import inspect
import io
from collections.abc import Callable
from functools import partial
from typing import Any

from PIL import Image

from dermai_report.datasets.items import Collection, Item
from dermai_report.errors import DermaiError, unknown_name

WHAT = "a torchvision data set by name, with --data-root"
SPLITS = {"train": ("train",), "val": ("val", "valid", "validation"), "test": ("test",)}  # how torchvision calls them


def recognises(data: str, data_root: str = "") -> bool:
    """Where a root is given."""
    return bool(data_root)


def open_collection(data: str, data_root: str = "") -> Collection:
    """All the splits of a set that lie below `data_root`. Raises DermaiError for an unknown name and for a set that is not there."""
    from dermai_report.datasets.collections.digits import IMAGE_SIZE

    kind = _kind(data)
    sets: dict[str, Any] = {}
    faults: dict[str, str] = {}
    for split, make in _splits(kind):
        try:
            sets.setdefault(split, make(data_root))
        except (RuntimeError, OSError, ValueError, TypeError) as error:
            faults[split] = str(error)
    if "train" not in sets:
        raise DermaiError(
            f"torchvision cannot open the train split of {data} below {data_root}: {faults.get('train')}",
            "put its files there as torchvision lays them out; nothing is downloaded",
        )
    classes = getattr(sets["train"], "classes", None)
    items = [
        Item(f"{split}/{n:06d}", _name(label, classes), split)
        for split, one in sets.items()
        for n, label in enumerate(_labels(one))
    ]
    first = _picture(sets["train"], 0)
    return Collection(
        source=f"{data} below {data_root}",
        items=items,
        read=lambda item: _as_png(_picture(sets[item.split], int(item.sample.rpartition("/")[2]))),
        decode=lambda data, side: Image.open(io.BytesIO(data)).convert("RGB"),
        image_size=224 if max(first.size) > 64 else max(IMAGE_SIZE, *first.size),
    )


def _kind(data: str) -> type:
    try:
        datasets = importlib.import_module("torchvision.datasets")
    except (ModuleNotFoundError, RuntimeError):  # not there, or built for another torch (train/torchvision_compat.py)
        raise DermaiError(f"{data} is of torchvision, which cannot be imported", "pip install 'dermai-report[train]'") from None
    known = {name: kind for name, kind in vars(datasets).items() if inspect.isclass(kind) and _splits(kind)}
    if data not in known:
        raise unknown_name("torchvision data set", data, known)
    return known[data]


def _splits(kind: type) -> list[tuple[str, Callable[[str], Any]]]:
    """What may make each split of a set, by the names of its constructor's arguments; nothing for a set without splits."""
    taken = inspect.signature(kind).parameters
    options = {"download": False} if "download" in taken else {}
    if "root" not in taken:
        return []
    if "train" in taken:
        return [(split, partial(kind, train=split == "train", **options)) for split in ("train", "test")]
    if "split" in taken:
        return [(split, partial(kind, split=name, **options)) for split, names in SPLITS.items() for name in names]
    return []


def _labels(one: Any) -> list[Any]:
    for name in ("targets", "labels", "_labels", "y"):
        labels = getattr(one, name, None)
        if labels is not None and len(labels) == len(one):
            return [label.item() if hasattr(label, "item") else label for label in labels]
    return [one[n][1] for n in range(len(one))]


def _name(label: Any, classes: Any) -> str:
    if isinstance(label, list | tuple | dict):
        raise DermaiError("this set has several labels an image", "a classifier needs one")
    return str(classes[label]) if classes is not None and isinstance(label, int) and label < len(classes) else str(label)


def _picture(one: Any, n: int) -> Image.Image:
    picture = one[n][0]
    if not isinstance(picture, Image.Image):
        raise DermaiError("this set is not one of pictures", "a classifier of images needs a set of images")
    return picture


def _as_png(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()
