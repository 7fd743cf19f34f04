"""The records of a Weights & Biases `run-*.wandb` file: LevelDB's log framing around protobuf messages.

Sources: https://github.com/google/leveldb/blob/main/doc/log_format.md (with zlib's CRC-32 instead of CRC-32C),
wandb/proto/wandb_internal.proto (messages and their field numbers).
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from dermai_report.sources._protobuf import BYTES, FIXED64, VARINT, fields, signed, varint

MAGIC = b":W&B"
START = 7  # the magic, a number and a version
BLOCK = 32 * 1024
HEADER = 7  # checksum, length, kind
FULL, FIRST, MIDDLE, LAST = 1, 2, 3, 4
HISTORY, CONFIG, RUN, EXIT = 2, 5, 17, 18


@dataclass
class Recorded:
    """What a file holds: a row of values by name a logged step, the configuration, and who the run was."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    config: dict[str, Any] = field(default_factory=dict)
    id: str = ""
    name: str = ""
    exit_code: int | None = None
    started: float | None = None
    problems: list[str] = field(default_factory=list)


def read_records(data: bytes) -> Recorded:
    """Everything in a file's bytes; what is damaged or cut off is left out, and `problems` says so."""
    found = Recorded()
    broken = 0
    for record in _framed(data, found.problems):
        try:
            for number, wire, start, stop in fields(record):
                if wire == BYTES and number in _READERS:
                    _READERS[number](found, record, start, stop)
        except ValueError:
            broken += 1
    if broken:
        found.problems.append(f"{broken} record{'s' * (broken > 1)} with broken content left out")
    return found


def _framed(data: bytes, problems: list[str]) -> Iterator[bytes]:
    """The content of each record, put together from its chunks."""
    at, damaged = START, 0
    parts: list[bytes] = []
    whole = False  # whether the first chunk of the record in hand was seen
    while at + HEADER <= len(data):
        room = BLOCK - at % BLOCK
        if room < HEADER:
            at += room
            continue
        checksum, length, kind = struct.unpack_from("<IHB", data, at)
        if kind == 0 and length == 0:  # the rest of a block that was laid out and not written
            at += room
            continue
        content = data[at + HEADER : at + HEADER + length]
        if len(content) < length:
            break
        if zlib.crc32(content, zlib.crc32(bytes([kind]))) != checksum or HEADER + length > room:
            damaged += 1
            parts, whole = [], False
            at += room  # the next block starts with a chunk of its own
            continue
        at += HEADER + length
        if kind in (FULL, FIRST):
            parts, whole = [content], True
        elif whole:
            parts.append(content)
        if kind in (FULL, LAST) and whole:
            yield b"".join(parts)
            parts, whole = [], False
    if damaged:
        problems.append(f"{damaged} block{'s' * (damaged > 1)} of 32 KB with a wrong checksum left out, in part or whole")
    if at < len(data) or whole:
        problems.append("the last record is cut off: the run was killed while writing it, or still goes on")


def _history(found: Recorded, record: bytes, start: int, stop: int) -> None:
    row: dict[str, Any] = {}
    for number, wire, a, b in fields(record, start, stop):
        if number == 1 and wire == BYTES:
            name, value = _item(record, a, b)
            row[name] = value
        elif number == 2 and wire == BYTES:
            steps = [signed(varint(record, x)[0]) for n, w, x, _ in fields(record, a, b) if n == 1 and w == VARINT]
            row.setdefault("_step", steps[-1] if steps else 0)
    if row:
        found.rows.append(row)


def _item(record: bytes, start: int, stop: int) -> tuple[str, Any]:
    """A name and its value; a nested name is joined by points. Values that are neither numbers nor texts become None."""
    key, nested, value = "", [], None
    for number, wire, a, b in fields(record, start, stop):
        if wire == BYTES:
            if number == 1:
                key = _text(record[a:b])
            elif number == 2:
                nested.append(_text(record[a:b]))
            elif number in (8, 16):
                value = _json(record[a:b])
            elif number == 7:
                value = _text(record[a:b])
        elif number == 6 and wire == FIXED64:
            (value,) = struct.unpack_from("<d", record, a)
        elif number == 5 and wire == VARINT:
            raw = varint(record, a)[0]
            value = (raw >> 1) ^ -(raw & 1)
    return ".".join([key] * bool(key) + nested), value


def _config(found: Recorded, record: bytes, start: int, stop: int) -> None:
    for number, wire, a, b in fields(record, start, stop):
        if number == 1 and wire == BYTES:
            name, value = _item(record, a, b)
            if not name.startswith("_wandb"):
                found.config[name] = value


def _run(found: Recorded, record: bytes, start: int, stop: int) -> None:
    for number, wire, a, b in fields(record, start, stop):
        if wire != BYTES:
            continue
        if number == 1:
            found.id = _text(record[a:b])
        elif number == 8:
            found.name = _text(record[a:b])
        elif number == 4:
            _config(found, record, a, b)
        elif number == 17:
            seconds = [varint(record, x)[0] for n, w, x, _ in fields(record, a, b) if n == 1 and w == VARINT]
            found.started = float(seconds[-1]) if seconds else None


def _exit(found: Recorded, record: bytes, start: int, stop: int) -> None:
    codes = [signed(varint(record, a)[0]) for n, w, a, _ in fields(record, start, stop) if n == 1 and w == VARINT]
    found.exit_code = codes[-1] if codes else 0


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")


def _json(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        return None


_READERS = {HISTORY: _history, CONFIG: _config, RUN: _run, EXIT: _exit}
