"""JSON Schemas of every JSON file that is written, generated from the types and shipped beside this file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

FOLDER = Path(__file__).parent


def generated() -> dict[str, dict[str, Any]]:
    """The schemas by file name, from the types as they are now."""
    from dermai_report.audit import Audit
    from dermai_report.report import Comparison, ExperimentReport, Index, Report
    from dermai_report.storage.run_directory import json_schemas

    schemas = {f"{Path(name).stem}.schema.json": schema for name, schema in json_schemas().items()}
    for name, kind in {
        "report": Report,
        "comparison": Comparison,
        "index": Index,
        "experiment": ExperimentReport,
        "audit": Audit,
    }.items():
        schemas[f"{name}.schema.json"] = msgspec.json.schema(kind)
    return {name: {"$schema": "https://json-schema.org/draft/2020-12/schema", **s} for name, s in schemas.items()}


def as_text(schema: dict[str, Any]) -> str:
    """The schema as it stands in its file."""
    return msgspec.json.format(msgspec.json.encode(schema), indent=2).decode() + "\n"
