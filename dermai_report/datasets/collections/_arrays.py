"""A collection whose pictures are arrays in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from PIL import Image

from dermai_report.datasets.items import Collection, Item
from dermai_report.errors import DermaiError

LEAST, MOST = 32, 224  # sides that networks are made for


def collection(
    source: str, splits: Mapping[str, tuple[np.ndarray, np.ndarray]], classes: Sequence[str] | None = None
) -> Collection:
    """Pictures uint8 (n, height, width) or (n, height, width, 3) and labels (n,) by split; classes: the names of the labels.

    Raises DermaiError where they are not pictures of one size with one label each.
    """
    pixels: dict[str, np.ndarray] = {}
    items: list[Item] = []
    for split, (images, labels) in splits.items():
        _check(source, split, images, labels, None if classes is None else len(classes))
        names = [f"{split}/{n:06d}" for n in range(len(images))]
        pixels.update(zip(names, images, strict=True))
        items += [
            Item(name, str(label) if classes is None else classes[label], split)
            for name, label in zip(names, labels.tolist(), strict=True)
        ]
    shapes = {images.shape[1:] for images, _ in splits.values()}
    if len(shapes) != 1:
        raise DermaiError(f"{source} has images of several sizes: {sorted(shapes)}", "its splits must be of one size")
    shape = shapes.pop()
    return Collection(
        source=source,
        items=items,
        read=lambda item: pixels[item.sample].tobytes(),
        decode=lambda data, side: Image.fromarray(np.frombuffer(data, np.uint8).reshape(shape)).convert("RGB"),
        image_size=min(MOST, max(LEAST, *shape[:2])),
        cached=False,
    )


def _check(source: str, split: str, images: np.ndarray, labels: np.ndarray, n_classes: int | None) -> None:
    if images.dtype != np.uint8 or images.ndim not in (3, 4) or (images.ndim == 4 and images.shape[3] != 3):
        raise DermaiError(
            f"{source}: the images of {split} are {images.dtype} of shape {images.shape}",
            "they must be uint8, of (n, height, width) or (n, height, width, 3)",
        )
    if labels.shape != (len(images),) or labels.dtype.kind not in "iu":
        raise DermaiError(
            f"{source}: the labels of {split} are {labels.dtype} of shape {labels.shape} for {len(images)} images",
            "each image has one label, a whole number",
        )
    if n_classes is not None and len(labels) and not 0 <= labels.min() <= labels.max() < n_classes:
        raise DermaiError(f"{source}: a label of {split} is not among its {n_classes} classes", "mend the file")
