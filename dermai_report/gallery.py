"""Misclassified test images as thumbnails, for `--gallery`: only on request, as pictures of patients must not leave by accident."""

from __future__ import annotations

import base64
import io
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from dermai_report.errors import DermaiError
from dermai_report.report.gallery import Gallery, Picture
from dermai_report.run import Predictions, Run

if TYPE_CHECKING:
    from PIL.Image import Image

MOST = 60  # pictures of a page: 600 KB at most
SIDE = 160  # pixels of the longer side
LARGEST = 8_000  # bytes of a thumbnail
QUALITIES = (80, 65, 50, 35, 20)  # of JPEG, the first with which it is small enough
LARGEST_FILE = 64 * 1024**2
MOST_UNREAD = 200  # images that are tried in vain before giving up


def gallery(run: Run, most: int, folder: str | None = None) -> Gallery:
    """At most `most` of the misclassified test images, the surest errors first.

    folder: where the images lie; without, in the run's own `images`, or where its data came from. Raises DermaiError where there are
    no test predictions, Pillow is not installed, or no image can be read.
    """
    outcome = run.predictions.get("test")
    if outcome is None:
        raise DermaiError(
            "--gallery needs the test predictions, and none were logged", "log_evaluation('test', …, samples=paths)"
        )
    places = _wrong(outcome)
    roots = _roots(run, folder)
    pictures: list[Picture] = []
    unread = 0
    for i in places:
        if len(pictures) == most or unread == MOST_UNREAD:
            break
        uri = _uri(outcome.sample[i], roots)
        if uri is None:
            unread += 1
            continue
        sure = None if outcome.probabilities is None else float(outcome.probabilities[i, outcome.predicted[i]])
        pictures.append(Picture(outcome.sample[i], run.classes[outcome.label[i]], run.classes[outcome.predicted[i]], sure, uri))
    if places and not pictures:
        looked = ", ".join(map(str, roots)) or "nowhere, as the run names no folder"
        raise DermaiError(
            f"none of the misclassified images could be read (looked in: {looked})",
            "say where they lie with --gallery-from DIR; the names of samples are paths below it",
        )
    return Gallery(pictures, len(places), unread)


def _wrong(outcome: Predictions) -> list[int]:
    """The places of the errors, the surest first; equal ones by name, so that the same run gives the same page."""
    wrong = np.flatnonzero(outcome.label != outcome.predicted).tolist()
    table = outcome.probabilities
    sure = {i: 0.0 if table is None else float(table[i, outcome.predicted[i]]) for i in wrong}
    return sorted(wrong, key=lambda i: (-sure[i], outcome.sample[i]))


def _roots(run: Run, folder: str | None) -> list[Path]:
    if folder is not None:
        if not Path(folder).is_dir():
            raise DermaiError(f"--gallery-from {folder} is no folder", "name the folder that the samples' paths start from")
        return [Path(folder)]
    source = Path(run.data.source or "\0")
    if source.is_file():  # a table, which names paths below its own folder
        source = source.parent
    return [root for root in (Path(run.path) / "images", source) if _is_folder(root)]


def _is_folder(root: Path) -> bool:
    try:
        return root.is_dir()
    except (OSError, ValueError):
        return False


def _uri(sample: str, roots: list[Path]) -> str | None:
    """The sample's thumbnail, from the first root that holds it; nothing outside a root is ever opened."""
    for root in roots:
        try:
            path = (root / sample).resolve()
            inside = path.is_relative_to(root.resolve()) and path.is_file() and path.stat().st_size <= LARGEST_FILE
            if inside:
                return thumbnail(path.read_bytes())
        except (OSError, ValueError):
            continue
    return None


def thumbnail(data: bytes) -> str:
    """The picture in the bytes as a small JPEG in a data: URI. Raises OSError or ValueError for what is no whole picture.

    Raises DermaiError where Pillow is not installed.
    """
    try:
        from PIL import Image

        from dermai_report.datasets.decoding import decode
    except ImportError:
        raise DermaiError("--gallery needs Pillow", "pip install pillow") from None
    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            picture = decode(data, SIDE)
        except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
            raise OSError(str(error)) from error
    picture.thumbnail((SIDE, SIDE))
    for quality in QUALITIES:
        small = _jpeg(picture, quality)
        if len(small) <= LARGEST:
            break
    return "data:image/jpeg;base64," + base64.b64encode(small).decode()


def _jpeg(picture: Image, quality: int) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=quality, optimize=True)
    return out.getvalue()
