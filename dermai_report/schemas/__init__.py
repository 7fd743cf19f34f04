"""JSON Schemas of every JSON file that is written, generated from the types and shipped beside this file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

FOLDER = Path(__file__).parent


def generated() -> dict[str, dict[str, Any]]:
    """The schemas by file name, from the types as they are now."""
    from dermai_report.audit import Audit
    from dermai_report.report import Comparison, Index, Report
    from dermai_report.run_directory import json_schemas

    schemas = {f"{Path(name).stem}.schema.json": schema for name, schema in json_schemas().items()}
    for kind in (Report, Comparison, Index, Audit):
        schemas[f"{kind.__name__.lower()}.schema.json"] = msgspec.json.schema(kind)
    return {name: {"$schema": "https://json-schema.org/draft/2020-12/schema", **s} for name, s in schemas.items()}


def as_text(schema: dict[str, Any]) -> str:
    """The schema as it stands in its file."""
    return msgspec.json.format(msgspec.json.encode(schema), indent=2).decode() + "\n"
