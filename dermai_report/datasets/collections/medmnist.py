"""An .npz file of MedMNIST: train_images, train_labels, and the same of val and test.

    --data dermamnist.npz

Its labels are numbers, and so are the names of the classes. Sets of volumes and of several labels an image are refused.
Source: Yang et al. 2023, MedMNIST v2.
"""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np

from dermai_report.datasets.collections import _arrays
from dermai_report.datasets.items import SPLITS, Collection
from dermai_report.errors import DermaiError

WHAT = "an .npz file of MedMNIST"


def recognises(data: str, data_root: str = "") -> bool:
    """By its ending."""
    return Path(data).suffix == ".npz" and Path(data).is_file()


def open_collection(data: str, data_root: str = "") -> Collection:
    """The pictures of a file. Raises DermaiError where it holds something else."""
    try:
        with Path(data).open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            held = {name: arrays[name] for name in arrays.files if name.rpartition("_")[2] in ("images", "labels")}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise DermaiError(f"cannot read {data} as .npz: {error}", "get the file again") from None
    splits = {}
    for split in SPLITS:
        images, labels = held.get(f"{split}_images"), held.get(f"{split}_labels")
        if images is not None and labels is not None:
            splits[split] = (images, labels[:, 0] if labels.ndim == 2 and labels.shape[1] == 1 else labels)
    if "train" not in splits:
        raise DermaiError(f"{data} has no train_images with train_labels", f"it has {', '.join(sorted(held)) or 'neither'}")
    return _arrays.collection(data, splits)
