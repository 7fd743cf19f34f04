"""Keras' `history.history` as a pickle or a NumPy file: a dict of lists, a value an epoch.

Nothing in the file is run: `_plain_pickle` reads plain values and numpy's numbers, and nothing else.
"""

from __future__ import annotations

import struct
from typing import Any

from dermai_report.errors import DermaiError
from dermai_report.run import Run
from dermai_report.sources import _plain_pickle
from dermai_report.sources._assemble import assemble
from dermai_report.sources._log import LIKELY, NO, SURE, Log
from dermai_report.sources._table import table_of_columns

NPY = b"\x93NUMPY"
MOST_VALUES = 5_000_000
HINT = "save history.history, the dict of lists, or save it as JSON"


def recognises(log: Log) -> int:
    """A pickle of any protocol, or a NumPy file of objects."""
    if log.is_folder:
        return NO
    if log.head.startswith(NPY):
        return SURE if b"'|O'" in log.head[:128] else NO
    if log.head[:1] == b"\x80" and log.head[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05"):
        return SURE
    return LIKELY if log.head.startswith((b"(dp", b"}q", b"(d")) else NO


def read(log: Log) -> Run:
    """Read it; raises DermaiError where it holds anything but lists of numbers by name."""
    data = log.read_bytes(_plain_pickle.LARGEST)
    if data.startswith(NPY):
        data = _behind_header(data, log)
    try:
        value = _history(_plain_pickle.load(data, log.name))
        columns = _columns(value) if isinstance(value, dict) else {}
    except (TypeError, ValueError, AttributeError, KeyError, struct.error):
        raise DermaiError(f"{log.path} holds an array that cannot be read", HINT) from None
    lists = {k: v for k, v in columns.items() if v is not None}
    longest = max(map(len, lists.values()), default=0)
    if not longest:
        raise DermaiError(f"{log.path} holds no lists of numbers by name", HINT)
    notes = [
        f"{k!r} has {len(v)} values and the longest list {longest}: taken as the first epochs."
        for k, v in lists.items()
        if 0 < len(v) < longest
    ]
    return assemble(
        log,
        [table_of_columns({k: _filled(v, longest) for k, v in lists.items()}, log.name)],
        source="keras_history_pickle",
        notes=notes,
    )


def _behind_header(data: bytes, log: Log) -> bytes:
    """The pickle in a NumPy file of objects: behind a header whose length stands in front of it."""
    size, at = (2, 10) if data[6:7] == b"\x01" else (4, 12)
    content = data[at + int.from_bytes(data[8 : 8 + size], "little") :]
    if not content:
        raise DermaiError(f"{log.path} is a damaged NumPy file: it ends in its header", HINT)
    return content


def _history(value: Any) -> Any:
    """The dict of lists, also as the only object of an array or below the key `history`."""
    for _ in range(4):
        if isinstance(value, dict):
            if not isinstance(value.get("history"), dict):
                break
            value = value["history"]
        else:
            listed = value.tolist() if hasattr(value, "tolist") else value
            if not isinstance(listed, list | tuple) or len(listed) != 1:
                break
            value = listed[0]
    return value


def _columns(value: dict[Any, Any]) -> dict[str, list[Any] | None]:
    """The lists by name; None for what is none. One list may stand in a pickle a million times: their sum is bounded."""
    found: dict[str, list[Any] | None] = {}
    total = 0
    for name, items in value.items():
        total += len(items) if hasattr(items, "__len__") else 1
        if total > MOST_VALUES:
            raise DermaiError(f"the history holds more than {MOST_VALUES:,} values", HINT)
        listed = items.tolist() if hasattr(items, "tolist") else list(items.values()) if isinstance(items, dict) else items
        found[str(name)] = list(listed) if isinstance(listed, list | tuple) else None
    return found


def _filled(values: list[Any], n: int) -> list[Any]:
    return [v if isinstance(v, int | float | str) else None for v in values] + [None] * (n - len(values))
