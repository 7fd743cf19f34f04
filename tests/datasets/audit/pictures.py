"""Pictures to look for copies in: noise with the spectrum of photographs, and what is done to pictures on their way."""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import partial

import numpy as np
from PIL import Image, ImageEnhance, ImageOps

from dermai_report.datasets import decoding
from dermai_report.datasets.items import Collection, Item


def photograph(seed: int, size: int = 128) -> Image.Image:
    """Noise whose amplitudes fall with the frequency, as those of photographs do."""
    rng = np.random.default_rng(seed)
    frequency = np.hypot(*np.meshgrid(np.fft.fftfreq(size), np.fft.fftfreq(size)))
    frequency[0, 0] = 1
    channels = []
    for _ in range(3):
        noise = np.fft.ifft2(np.fft.fft2(rng.normal(size=(size, size))) / frequency).real
        channels.append(np.clip(128 + 50 * noise / noise.std(), 0, 255).astype(np.uint8))
    return Image.fromarray(np.stack(channels, -1))


def jpeg(picture: Image.Image, quality: int = 90) -> bytes:
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=quality)
    return file.getvalue()


def crop(picture: Image.Image, left: float, top: float, share: float) -> Image.Image:
    width, height = picture.size
    box = (round(left * width), round(top * height), round((left + share) * width), round((top + share) * height))
    return picture.crop(box).resize(picture.size, Image.Resampling.BICUBIC)


COPIES: dict[str, Callable[[Image.Image], bytes]] = {
    "recompressed": lambda p: jpeg(p, 40),
    "smaller": lambda p: jpeg(p.resize((60, 60))),
    "larger": lambda p: jpeg(p.resize((200, 200))),
    "cropped": lambda p: jpeg(crop(p, 0.02, 0.09, 0.88)),
    "cropped at a corner": lambda p: jpeg(crop(p, 0.2, 0.0, 0.8)),
    "mirrored": lambda p: jpeg(ImageOps.mirror(p)),
    "mirrored and cropped": lambda p: jpeg(crop(ImageOps.mirror(p), 0.0, 0.07, 0.9)),
    "darker": lambda p: jpeg(ImageEnhance.Brightness(p).enhance(0.7)),
}


def read(files: dict[str, bytes], item: Item) -> bytes:
    return files[item.sample]


def collection(files: dict[str, bytes]) -> Collection:
    """Files by their path "split/class/name"."""
    items = [Item(path, path.split("/")[1], path.split("/")[0]) for path in files]
    return Collection(source="made", items=items, read=partial(read, files), decode=decoding.decode)
