"""Bytes of an image file to an upright RGB picture."""

from __future__ import annotations

import io
from functools import cache

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

# What cameras, scanners and the web produce; Pillow also opens stubs and films, which are no pictures to train on.
FORMATS = ("JPEG", "PNG", "GIF", "BMP", "WEBP", "TIFF", "PPM", "JPEG2000", "AVIF")
PREFIX = 16  # bytes that Pillow's own recognisers ask for


@cache
def formats() -> tuple[str, ...]:
    """Those of FORMATS that this Pillow was built with."""
    Image.init()
    return tuple(name for name in FORMATS if name in Image.OPEN)


def looks_like_image(prefix: bytes, suffix: str) -> bool:
    """Whether a file is meant as a picture: by its first bytes, or else (it may be broken) by its ending."""
    if Image.EXTENSION.get(suffix.lower()) in formats():
        return True
    recognisers = (Image.OPEN[name][1] for name in formats())
    return any(accepts is not None and accepts(prefix) is True for accepts in recognisers)


def decode(data: bytes, side: int) -> Image.Image:
    """The picture in RGB, turned as its EXIF orientation says, transparency over white.

    A JPEG much larger than `side` is decoded at a half, quarter or eighth (its draft mode), never below 2 * side, so
    that the resize that follows still decides the pixels. Raises OSError or ValueError for what cannot be decoded whole.
    """
    if not data:
        raise OSError("the file is empty")
    try:
        opened = Image.open(io.BytesIO(data), formats=formats())
    except UnidentifiedImageError:  # Pillow's words name a memory address
        raise OSError("it is in no known image format") from None
    with opened as file:
        file.draft("RGB", (2 * side, 2 * side))
        try:
            file.load()
        except (SyntaxError, IndexError, TypeError) as error:  # Pillow's decoders raise these too
            raise OSError(str(error)) from error
        return to_rgb(ImageOps.exif_transpose(file))


def to_rgb(picture: Image.Image) -> Image.Image:
    """RGB of any mode: 16-bit greys are scaled (Pillow alone would clip them), transparency lies over white."""
    if picture.mode.startswith("I") or picture.mode == "F":
        return Image.fromarray(_to_8_bit(np.asarray(picture))).convert("RGB")
    if picture.has_transparency_data:
        layers = picture.convert("RGBA")
        white = Image.new("RGBA", layers.size, "white")
        return Image.alpha_composite(white, layers).convert("RGB")
    return picture.convert("RGB")


def resize(picture: Image.Image, side: int) -> np.ndarray:
    """uint8 (side, side, 3): the whole picture, squeezed to a square so that nothing at its border is lost."""
    if picture.size != (side, side):
        picture = picture.resize((side, side), Image.Resampling.BILINEAR)
    return np.asarray(picture, dtype=np.uint8)


def _to_8_bit(values: np.ndarray) -> np.ndarray:
    """Greys of 16 bits, or fractions in [0, 1] where they are floating point, to 8 bits."""
    if values.dtype.kind == "f":
        top = 1.0 if values.size and np.nanmax(values) <= 1 else 255.0
        scaled = np.nan_to_num(values).clip(0, top) * (255 / top)
    else:
        scaled = values.clip(0, 65535) / 257
    eight_bit: np.ndarray = np.round(scaled).astype(np.uint8)
    return eight_bit
