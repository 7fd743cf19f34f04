"""audit.json on disk: `dermai-data audit` and `dermai-train` write it, reports read it."""

from __future__ import annotations

from pathlib import Path

import msgspec

from dermai_report.audit import FORMAT, Audit
from dermai_report.errors import DermaiError
from dermai_report.files import write_atomically
from dermai_report.storage.run_files import read_json

AUDIT = "audit.json"


def as_json(audit: Audit) -> str:
    """What stands in audit.json."""
    return msgspec.json.format(msgspec.json.encode(audit), indent=1).decode() + "\n"


def write_audit(path: Path, audit: Audit) -> None:
    """Write audit.json, whole or not at all."""
    write_atomically(path, as_json(audit))


def read_audit(path: Path) -> Audit:
    """Read audit.json. Raises DermaiError naming it."""
    audit = read_json(path, Audit)
    if audit.format > FORMAT:
        raise DermaiError(f"{path} has format {audit.format}; this version reads up to {FORMAT}", "upgrade dermai-report")
    return audit
