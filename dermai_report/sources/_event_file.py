"""The scalars of a TensorBoard event file: TFRecord framing around protobuf events, read many at a time.

A file of a million scalars holds a few dozen kinds of record that differ in three numbers only: wall time, step and value. So one of
a kind is parsed, all records like it (same bytes everywhere else) are decoded together with numpy, and so on with what is left.
Source of the framing: tensorflow/core/lib/io/record_writer.h.
"""

from __future__ import annotations

import struct
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from dermai_report.sources import _crc32c
from dermai_report.sources._event import Event, Span, parse

Bytes = npt.NDArray[np.uint8]
HEADER = 12  # a length of 8 bytes and its checksum
FOOTER = 4  # the checksum of the record
ALIKE = 4  # fewer records of one length than this are read one by one
TEMPLATES = 64  # kinds of record of one length that are decoded together; what is left is read one by one
LONG = 4096  # a longer record holds a graph, an image or a histogram, and is read one by one
GATHERED = 1 << 24  # bytes of records that are copied together at a time


@dataclass(frozen=True)
class Series:
    """One tag's scalars in the order of the file: step, value, wall time (seconds), and the number of the record, from 1."""

    step: npt.NDArray[np.int64]
    value: npt.NDArray[np.float64]
    wall: npt.NDArray[np.float64]
    record: npt.NDArray[np.int64]


@dataclass
class Events:
    """What was read: the series by tag, how many records there were, and what could not be read, in sentences."""

    series: Mapping[str, Series]
    records: int
    problems: list[str] = field(default_factory=list)


Columns = tuple[npt.NDArray[np.int64], npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.int64]]


def is_event_file(head: bytes) -> bool:
    """Whether a file starts as one: a whole first record that says its version."""
    return b"brain.Event:" in head[HEADER : HEADER + 40]


def read_scalars(data: bytes | memoryview) -> Events:
    """Every scalar of a file's bytes. What is damaged or cut off is left out, and `problems` says so."""
    array = np.frombuffer(data, np.uint8)
    problems: list[str] = []
    start, length = _records(bytes(data) if not isinstance(data, bytes) else data, problems)
    columns: dict[str, list[Columns]] = defaultdict(list)
    bad = 0
    for size in np.unique(length).tolist():
        numbers = np.flatnonzero(length == size)
        for part in _parts(numbers, size):
            bad += _read_alike(array, start[part], part, size, columns)
    if bad:
        problems.append(f"{bad} record{'s' * (bad > 1)} with a wrong checksum or broken content left out")
    return Events({tag: _joined(found) for tag, found in columns.items()}, len(start), problems)


def _records(data: bytes, problems: list[str]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Where each record's content starts and how long it is; the checksum of a length is looked at once for each length."""
    strides: dict[bytes, int] = {}
    ends = [0]
    at, end = 0, len(data)
    while at < end:
        try:
            while True:  # a file has few lengths, and millions of records
                at += strides[data[at : at + HEADER]]
                ends.append(at)
        except KeyError:
            head = data[at : at + HEADER]
        if len(head) == HEADER:
            size, crc = struct.unpack("<QI", head)
            if crc != _crc32c.masked(_crc32c.of_rows(np.frombuffer(head[:8], np.uint8)[None]))[0]:
                problems.append(
                    f"the record at byte {at} has a damaged length: the {end - at} bytes from there on were not read"
                )
                break
            strides[head] = HEADER + min(size, end) + FOOTER
        elif head:
            break
    if ends[-1] > end:
        ends.pop()
    if ends[-1] < end and not problems:
        problems.append(f"the last record, at byte {ends[-1]}, is cut off")
    bounds = np.array(ends, np.int64)
    return bounds[:-1] + HEADER, np.diff(bounds) - HEADER - FOOTER


def _parts(numbers: npt.NDArray[np.int64], size: int) -> Iterator[npt.NDArray[np.int64]]:
    many = max(1, GATHERED // max(size, 1))
    for first in range(0, len(numbers), many):
        yield numbers[first : first + many]


def _read_alike(
    array: Bytes, start: npt.NDArray[np.int64], number: npt.NDArray[np.int64], size: int, columns: dict[str, list[Columns]]
) -> int:
    """Add the scalars of records of one length to `columns`; returns how many were damaged."""
    stored = np.lib.stride_tricks.sliding_window_view(array, FOOTER)[start + size].view("<u4")[:, 0]
    if size > LONG or len(start) == 1:
        crc = np.concatenate([_crc32c.of(array[at : at + size]) for at in start.tolist()])
        rows = None
    else:
        rows = np.lib.stride_tricks.sliding_window_view(array, size)[start] if size else np.empty((len(start), 0), np.uint8)
        crc = _crc32c.of_rows(rows)
    whole = _crc32c.masked(crc) == stored
    left = np.flatnonzero(whole)
    bad = len(start) - len(left)
    for _ in range(TEMPLATES if rows is not None else 0):
        if len(left) < ALIKE:
            break
        assert rows is not None
        found, left = _decode_like_first(rows, left, number)
        for tag, column in found:
            columns[tag].append(column)
    for i in left.tolist():
        try:
            event = parse(array[start[i] : start[i] + size].tobytes())
        except ValueError:
            bad += 1
            continue
        for scalar in event.scalars:
            columns[scalar.tag].append(_column(event.step, scalar.value, event.wall, int(number[i])))
    return bad


def _column(step: int, value: float, wall: float, number: int) -> Columns:
    return np.array([step]), np.array([value]), np.array([wall]), np.array([number + 1])


def _decode_like_first(
    rows: Bytes, left: npt.NDArray[np.int64], number: npt.NDArray[np.int64]
) -> tuple[list[tuple[str, Columns]], npt.NDArray[np.int64]]:
    """The scalars of all rows that differ from the first of `left` in wall time, step and value only; and the other rows."""
    first = rows[left[0]].tobytes()
    try:
        event = parse(first)
    except ValueError:
        return [], left  # read one by one, where it is counted
    if event.scalars and any(s.span is None for s in event.scalars):
        return [], left
    return _decode_like(event, first, rows, left, number)


def _decode_like(
    event: Event, first: bytes, rows: Bytes, left: npt.NDArray[np.int64], number: npt.NDArray[np.int64]
) -> tuple[list[tuple[str, Columns]], npt.NDArray[np.int64]]:
    differs = np.zeros(len(first), bool)
    for begin, end in _variable(event):
        differs[begin:end] = True
    template = np.frombuffer(first, np.uint8)
    some = rows[left]
    alike = (some[:, ~differs] == template[~differs]).all(1)
    if event.step_span is not None:
        begin, end = event.step_span
        alike &= ((some[:, begin:end] >= 0x80) == (template[begin:end] >= 0x80)).all(1)
    same = some[alike]
    step, wall = _steps(same, event.step_span), _numbers(same, (event.wall_at, event.wall_at + 8) if event.wall_at else None)
    which = number[left[alike]] + 1
    found = [(s.tag, (step, _numbers(same, s.span), wall, which)) for s in event.scalars]
    return found, left[~alike]


def _variable(event: Event) -> Iterable[Span]:
    if event.wall_at is not None:
        yield event.wall_at, event.wall_at + 8
    if event.step_span is not None:
        yield event.step_span
    for scalar in event.scalars:
        if scalar.span is not None:
            yield scalar.span


def _steps(rows: Bytes, span: Span | None) -> npt.NDArray[np.int64]:
    step = np.zeros(len(rows), np.uint64)
    for place, at in enumerate(range(*span) if span else ()):
        step |= (rows[:, at] & 0x7F).astype(np.uint64) << np.uint64(7 * place)
    return step.view(np.int64)


def _numbers(rows: Bytes, span: Span | None) -> npt.NDArray[np.float64]:
    if span is None:
        return np.zeros(len(rows))
    kind = "<f4" if span[1] - span[0] == 4 else "<f8"
    return np.ascontiguousarray(rows[:, slice(*span)]).view(kind)[:, 0].astype(np.float64)


def _joined(found: list[Columns]) -> Series:
    step, value, wall, record = (np.concatenate(c) for c in zip(*found, strict=True))
    order = np.argsort(record, kind="stable")
    return Series(step[order], value[order], wall[order], record[order])
