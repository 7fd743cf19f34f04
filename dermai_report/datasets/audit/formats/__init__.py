"""An audit as text: a format a module, found by its name, with `SUFFIX` and `render(audit, gallery) -> str`.

gallery: the thumbnails of the pictures that are shown, as data addresses by path; only the page has a use for them.
"""

from __future__ import annotations

from collections.abc import Mapping

from dermai_report import registry
from dermai_report.audit import Audit

FOLDER = "datasets.audit.formats"


def render(audit: Audit, format: str, gallery: Mapping[str, str] | None = None) -> str:
    """The audit in that format; raises DermaiError with the nearest name when there is no such format."""
    text: str = registry.load(FOLDER, format, "format").render(audit, gallery or {})
    return text
