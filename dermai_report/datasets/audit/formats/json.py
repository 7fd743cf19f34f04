"""audit.json, as it is always written."""

from __future__ import annotations

from collections.abc import Mapping

from dermai_report.audit import Audit
from dermai_report.storage.audit_files import as_json

SUFFIX = ".json"


def render(audit: Audit, gallery: Mapping[str, str]) -> str:
    """The facts alone."""
    return as_json(audit)
