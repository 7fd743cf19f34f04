"""Any picture becomes upright RGB."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from dermai_report.datasets.decoding import decode, looks_like_image, resize

GREY = np.array([[0, 64], [128, 255]], np.uint8).repeat(16, 0).repeat(16, 1)


def encoded(picture: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def pixels(data: bytes) -> np.ndarray:
    return resize(decode(data, 32), 32)


def test_16_bit_greys_are_scaled_not_clipped() -> None:
    assert np.array_equal(pixels(encoded(Image.fromarray(GREY.astype(np.uint16) * 257)))[..., 0], GREY)


def test_32_bit_and_floating_point_tiffs() -> None:
    assert np.array_equal(pixels(encoded(Image.fromarray(GREY.astype(np.int32) * 257), "TIFF"))[..., 1], GREY)
    assert np.array_equal(pixels(encoded(Image.fromarray(GREY.astype(np.float32) / 255), "TIFF"))[..., 2], GREY)


def test_transparency_lies_over_white() -> None:
    clear = Image.new("RGBA", (32, 32), (255, 0, 0, 0))
    assert (pixels(encoded(clear)) == 255).all()
    palette = Image.new("P", (32, 32), 0)
    palette.putpalette([10, 20, 30])
    assert tuple(pixels(encoded(palette))[0, 0]) == (10, 20, 30)
    assert (pixels(encoded(palette, transparency=0)) == 255).all()


@pytest.mark.parametrize("mode", ["1", "L", "LA", "CMYK", "RGB"])
def test_other_modes(mode: str) -> None:
    kind = "JPEG" if mode == "CMYK" else "PNG"
    assert pixels(encoded(Image.new(mode, (50, 40)), kind)).shape == (32, 32, 3)


def test_exif_orientation_is_applied() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    assert decode(encoded(Image.new("RGB", (60, 40)), "JPEG", exif=exif), 32).size == (40, 60)


def test_large_jpegs_are_decoded_smaller_but_never_below_twice_the_side() -> None:
    assert decode(encoded(Image.new("RGB", (1024, 1024)), "JPEG"), 64).size == (128, 128)
    assert decode(encoded(Image.new("RGB", (200, 200)), "JPEG"), 64).size == (200, 200)


def test_the_kind_is_told_by_content_and_a_broken_picture_by_its_ending() -> None:
    assert looks_like_image(encoded(Image.new("L", (8, 8)))[:16], "")
    assert looks_like_image(b"", ".jfif")
    assert looks_like_image(b"garbage", ".PNG")
    assert not looks_like_image(b"garbage", ".txt")
    assert not looks_like_image(b"%PDF-1.7", ".pdf")
