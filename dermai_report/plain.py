"""Any value as JSON can hold it: what users pass as configuration, extras and names is seldom only text and numbers."""

from __future__ import annotations

import dataclasses
import enum
import math
from argparse import Namespace
from collections.abc import Mapping
from typing import Any

import msgspec

from dermai_report.errors import DermaiError

DEEPEST = 100  # levels of nesting; a value that holds itself has no end


def plain(value: Any, level: int = 0) -> Any:
    """The value as None, bool, int, float, text, list or dict; raises DermaiError where it is nested without end.

    Paths and unknown objects become text, sets sorted lists, numpy and torch values numbers or lists, dataclasses and
    namespaces dicts. JSON has no NaN: numbers that are not finite become their names.
    """
    if level > DEEPEST:
        raise DermaiError("a value is nested too deeply, or holds itself", "log plain values: texts, numbers, lists, dicts")
    if isinstance(value, enum.Enum):
        value = value.value
    if hasattr(value, "tolist") and not isinstance(value, type):  # numpy, torch, pandas: a scalar or nested lists
        value = value.tolist()
    if value is None or isinstance(value, bool | int | float):
        return _number(value)
    if isinstance(value, list | tuple):
        return [plain(v, level + 1) for v in value]
    if isinstance(value, set | frozenset):
        return _sorted([plain(v, level + 1) for v in value])
    fields = _fields(value)
    if fields is not None:
        return {text(k): plain(v, level + 1) for k, v in fields.items()}
    return text(value)


def text(value: Any) -> str:
    """As text that UTF-8 can hold: half a surrogate pair (a file name that is not UTF-8) is written out as \\udcff."""
    return str(value).encode("utf-8", "backslashreplace").decode("utf-8")


def _number(value: float | None) -> float | str | None:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return int(value)
    if math.isfinite(value):
        return float(value)
    return "NaN" if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")


def _fields(value: Any) -> Mapping[Any, Any] | None:
    if isinstance(value, Mapping):
        return value
    if isinstance(value, Namespace):
        return vars(value)
    if isinstance(value, msgspec.Struct):
        return msgspec.structs.asdict(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: getattr(value, f.name) for f in dataclasses.fields(value)}
    return None


def _sorted(values: list[Any]) -> list[Any]:
    try:
        return sorted(values)
    except TypeError:  # of several types
        return sorted(values, key=str)
