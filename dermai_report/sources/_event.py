"""One event of TensorBoard from its bytes: the step, the wall time, and its scalars with their places in the record.

Source of the messages: tensorboard/compat/proto/{event,summary,tensor}.proto.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from dermai_report.sources._protobuf import BYTES, FIXED32, FIXED64, VARINT, fields, signed, varint

Span = tuple[int, int]


@dataclass(frozen=True)
class Scalar:
    """A value of an event: its tag, the number, and where its bytes are in the record (None where they are not plain)."""

    tag: str
    value: float
    span: Span | None


@dataclass(frozen=True)
class Event:
    """An event: its numbers, and the places of those that differ from event to event."""

    wall: float = 0.0
    wall_at: int | None = None
    step: int = 0
    step_span: Span | None = None
    scalars: tuple[Scalar, ...] = ()


def parse(record: bytes) -> Event:
    """One event; raises ValueError where its bytes are no event."""
    wall, wall_at, step, span = 0.0, None, 0, None
    scalars: list[Scalar] = []
    for number, wire, start, stop in fields(record):
        if number == 1 and wire == FIXED64:
            (wall,), wall_at = struct.unpack_from("<d", record, start), start
        elif number == 2 and wire == VARINT:
            step, span = signed(varint(record, start)[0]), (start, stop)
        elif number == 5 and wire == BYTES:
            scalars += [s for n, w, a, b in fields(record, start, stop) if n == 1 and w == BYTES for s in _scalar(record, a, b)]
    return Event(wall, wall_at, step, span, tuple(scalars))


def _scalar(record: bytes, start: int, stop: int) -> Iterator[Scalar]:
    """The value of a summary, where it is a number: as simple_value, or as a tensor without dimensions."""
    tag = ""
    found: tuple[float, Span | None] | None = None
    for number, wire, a, b in fields(record, start, stop):
        if number == 1 and wire == BYTES:
            tag = record[a:b].decode("utf-8", "replace")
        elif number == 2 and wire == FIXED32:
            found = struct.unpack_from("<f", record, a)[0], (a, b)
        elif number == 8 and wire == BYTES:
            found = _tensor(record, a, b)
    if found is not None:
        yield Scalar(tag, *found)


# TensorFlow's number of a type: numpy's code, and the fields of TensorProto that may hold such a number
_TYPES = {1: ("<f4", 5), 2: ("<f8", 6), 3: ("<i4", 7), 9: ("<i8", 10), 19: ("<f2", 13), 14: ("bf16", 13)}


def _tensor(record: bytes, start: int, stop: int) -> tuple[float, Span | None] | None:
    """A tensor's only number, with the span of its bytes where they are a plain float; None where it has none, or several."""
    kind, content, listed = 0, None, None
    for number, wire, a, b in fields(record, start, stop):
        if number == 1 and wire == VARINT:
            kind = varint(record, a)[0]
        elif number == 2 and wire == BYTES and _sizes(record, a, b) not in ([], [1]):
            return None
        elif number == 4 and wire == BYTES:
            content = (a, b)
        elif number in (5, 6, 7, 10, 13):
            listed = (number, wire, a, b)
    if kind not in _TYPES:
        return None
    code, holder = _TYPES[kind]
    if content is not None:
        return _plain_number(record, code, *content)
    if listed is None or listed[0] != holder:
        return None
    if code in ("<f4", "<f8"):
        return _plain_number(record, code, *listed[2:])
    value = signed(varint(record, listed[2])[0])
    return (_half(code, struct.pack("<H", value & 0xFFFF)) if holder == 13 else float(value)), None


def _plain_number(record: bytes, code: str, start: int, stop: int) -> tuple[float, Span | None] | None:
    size = 2 if code == "bf16" else int(code[2])
    if stop - start != size:
        return None
    if size == 2:
        return _half(code, record[start:stop]), None
    value = float(np.frombuffer(record, code, 1, start)[0])
    return value, (start, stop) if code in ("<f4", "<f8") else None


def _half(code: str, two: bytes) -> float:
    if code == "bf16":
        return float(np.frombuffer(b"\0\0" + two, "<f4")[0])
    return float(np.frombuffer(two, "<f2")[0])


def _sizes(record: bytes, start: int, stop: int) -> list[int]:
    """The sizes of a tensor's dimensions."""
    dims = [(a, b) for n, w, a, b in fields(record, start, stop) if n == 2 and w == BYTES]
    return [varint(record, x)[0] for a, b in dims for n, w, x, _ in fields(record, a, b) if n == 1 and w == VARINT]
