"""Small pictures of what an audit names, for its page: only where they were asked for, since they show what the data show."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping

from PIL import Image, ImageOps

from dermai_report.audit import Audit
from dermai_report.datasets.audit.view import view
from dermai_report.datasets.items import Collection

SIDE = 96
MOST = 24  # rows of pictures in a section: a page of about a megabyte at most
QUALITY = 80


def gallery(collection: Collection, audit: Audit) -> Mapping[str, str]:
    """Thumbnails as data addresses by path, of the first pictures of each section; what cannot be read has none."""
    items = {item.sample: item for item in collection.items}
    wanted = {image.sample for section in view(audit).sections for row in section.pictures[:MOST] for image in row}
    shown = {}
    for sample in sorted(wanted & set(items)):
        try:
            picture = collection.decode(collection.read(items[sample]), SIDE)
        except (OSError, ValueError, Image.DecompressionBombError):
            continue
        file = io.BytesIO()
        ImageOps.pad(picture, (SIDE, SIDE), color="white").save(file, "JPEG", quality=QUALITY)
        shown[sample] = "data:image/jpeg;base64," + base64.b64encode(file.getvalue()).decode()
    return shown
