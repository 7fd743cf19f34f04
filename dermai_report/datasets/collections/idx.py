"""The files of MNIST and its family (Fashion-MNIST, KMNIST, EMNIST, …): train-images-idx3-ubyte and its like, packed or not.

    --data /usr/share/datasets/fashion-mnist

The files t10k or test are the test set; validation is held out of train by the seed. Format: LeCun's description of MNIST.
"""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np

from dermai_report.datasets.collections import _arrays
from dermai_report.datasets.items import Collection
from dermai_report.errors import DermaiError

WHAT = "a folder of idx files"
SPLITS = {"train": ("train",), "test": ("t10k", "test")}
UNSIGNED_BYTE = 8  # the code of the type in the third byte
# Labels are numbers in these files. These are what they mean in Fashion-MNIST, which is told by its folder's name.
FASHION = ("T-shirt", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot")


def recognises(data: str, data_root: str = "") -> bool:
    """Whether it is a folder with such files."""
    return _find(Path(data), "train", "images-idx3-ubyte") is not None


def open_collection(data: str, data_root: str = "") -> Collection:
    """The pictures of a folder. Raises DermaiError for a file that is missing, cut short or of another kind."""
    folder = Path(data)
    splits = {}
    for split in SPLITS:
        images = _find(folder, split, "images-idx3-ubyte")
        if images is None:
            continue
        labels = _find(folder, split, "labels-idx1-ubyte")
        if labels is None:
            raise DermaiError(f"{images} has no file of labels beside it", "both are needed: …-labels-idx1-ubyte")
        splits[split] = (read(images), read(labels))
    fashion = any("fashion" in part.lower() for part in folder.resolve().parts[-2:])  # torchvision's is FashionMNIST/raw
    return _arrays.collection(str(folder), splits, FASHION if fashion else None)


def read(path: Path) -> np.ndarray:
    """The array uint8 in a file of this format."""
    try:
        data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except (OSError, EOFError) as error:
        raise DermaiError(f"cannot read {path}: {error}", "get the file again") from None
    zeros, kind, dimensions = data[:2], data[2:3], data[3] if len(data) > 3 else 0
    shape = np.frombuffer(data, ">u4", dimensions, 4) if len(data) >= 4 + 4 * dimensions else np.array([])
    if zeros != b"\0\0" or kind != bytes([UNSIGNED_BYTE]) or len(data) != 4 + 4 * dimensions + shape.prod(dtype=np.int64):
        raise DermaiError(f"{path} is no idx file of bytes, or it is cut short", "get the file again")
    return np.frombuffer(data, np.uint8, offset=4 + 4 * dimensions).reshape(shape.astype(int))


def _find(folder: Path, split: str, what: str) -> Path | None:
    names = [f"{prefix}-{what}{ending}" for prefix in SPLITS[split] for ending in ("", ".gz")]
    return next((path for name in names if (path := folder / name).is_file()), None)
