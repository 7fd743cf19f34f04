"""The wire format of Protocol Buffers, as much of it as log files need: fields with their place, and varints.

Source: https://protobuf.dev/programming-guides/encoding/. No message classes: a reader asks for the few field numbers it knows.
"""

from __future__ import annotations

from collections.abc import Iterator

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
_SIZE = {FIXED64: 8, FIXED32: 4}


def varint(data: bytes, at: int) -> tuple[int, int]:
    """The unsigned number that starts at `at`, and where it ends; raises ValueError where it has no end."""
    value = shift = 0
    while shift < 70:
        if at >= len(data):
            break
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & 0xFFFF_FFFF_FFFF_FFFF, at
        shift += 7
    raise ValueError(f"a number without an end at byte {at}")


def signed(value: int) -> int:
    """An int64 or int32 from its varint: negative numbers are written as their two's complement in 64 bits."""
    return value - (1 << 64) if value >= 1 << 63 else value


def fields(data: bytes, start: int = 0, stop: int | None = None) -> Iterator[tuple[int, int, int, int]]:
    """Each field of the message in data[start:stop]: its number, its wire type, and the span of its content.

    The content of BYTES is without its length. Raises ValueError where the bytes are no message.
    """
    end = len(data) if stop is None else stop
    while start < end:
        key, start = varint(data, start)
        wire = key & 7
        if wire == BYTES:
            size, start = varint(data, start)
            after = start + size
        elif wire == VARINT:
            _, after = varint(data, start)
        elif wire in _SIZE:
            after = start + _SIZE[wire]
        else:
            raise ValueError(f"no wire type {wire} at byte {start}")
        if after > end:
            raise ValueError(f"a field that ends at byte {after} of {end}")
        yield key >> 3, wire, start, after
        start = after
