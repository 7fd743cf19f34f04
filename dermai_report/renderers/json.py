"""report.json, comparison.json, index.json, experiment.json: all of it for programs, `format` first, nothing rounded, null for unknown."""

from __future__ import annotations

from typing import Any

import msgspec

from dermai_report.report import Shown

SUFFIX = ".json"


def render(document: Shown) -> str:
    """The document as indented JSON, the same bytes for the same document; NaN and infinities are null."""
    try:
        text = msgspec.json.encode(document, enc_hook=_plain)  # writes NaN and infinities as null
    except UnicodeEncodeError:  # a file name that is no UTF-8 reaches Python with lone surrogates
        text = msgspec.json.encode(_encodable(msgspec.to_builtins(document, enc_hook=_plain)))
    return msgspec.json.format(text, indent=2).decode() + "\n"


render_comparison = render_index = render_experiment = render


def _plain(value: Any) -> Any:
    # Evidence may hold numpy scalars and arrays; numpy is not imported here just to ask.
    if hasattr(value, "tolist"):
        return value.tolist()
    return str(value)


def _encodable(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {_encodable(key): _encodable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_encodable(item) for item in value]
    return value
