"""CRC-32C (Castagnoli) with numpy: of many records of one length at a time, and of one long one.

The checksum of two bytes more is one look-up in a table of 65,536: state -> (state >> 16) ^ TABLE[(state ^ pair) & 0xffff]. Done on
a column of all records at once it costs about a nanosecond a byte; a library call a record costs more, because records are short.
Source: RFC 3720, B.4; the masking is TensorFlow's (core/lib/hash/crc32c.h).
"""

from __future__ import annotations

import functools

import numpy as np
import numpy.typing as npt

U32 = npt.NDArray[np.uint32]
POLYNOMIAL = 0x82F63B78
BLOCK = 256  # a long record is folded into rows of this many bytes
CACHED = 16_384  # rows whose states stay in the processor's cache


def masked(crc: U32) -> U32:
    """As TFRecord stores it: rotated right by 15 bits, plus a constant."""
    return ((crc >> np.uint32(15)) | (crc << np.uint32(17))) + np.uint32(0xA282EAD8)


def of_rows(rows: npt.NDArray[np.uint8]) -> U32:
    """The checksum of each row of (n, length) bytes, as (n,) uint32."""
    n, length = rows.shape
    if length < 4:
        return np.array([_one_by_one(row.tobytes()) for row in rows], np.uint32)
    even = np.zeros((n, length + 4 + length % 2), np.uint8)  # zeros before the first byte change nothing
    even[:, even.shape[1] - length :] = rows
    even[:, even.shape[1] - length :][:, :4] ^= 0xFF  # the same as starting from all ones
    return ~_fold(even.view("<u2"))


def of(array: npt.NDArray[np.uint8]) -> U32:
    """The checksum of one record of any length, as (1,) uint32."""
    if len(array) < 2 * BLOCK:
        return of_rows(array[None, :])
    padded = np.zeros(-(-len(array) // BLOCK) * BLOCK, np.uint8)
    padded[len(padded) - len(array) :] = array
    padded[len(padded) - len(array) :][:4] ^= 0xFF
    rows = padded.reshape(-1, BLOCK)
    state = 0
    shift = _shift_block()
    for crc in _fold(rows.view("<u2")).tolist():
        state = shift[0][state & 255] ^ shift[1][state >> 8 & 255] ^ shift[2][state >> 16 & 255] ^ shift[3][state >> 24] ^ crc
    return np.array([state ^ 0xFFFF_FFFF], np.uint32)


def _fold(pairs: npt.NDArray[np.uint16]) -> U32:
    """The state after each row, from zero; so many rows at a time as the processor's cache holds."""
    return np.concatenate(
        [_fold_block(pairs[i : i + CACHED]) for i in range(0, len(pairs), CACHED)] or [np.empty(0, np.uint32)]
    )


def _fold_block(pairs: npt.NDArray[np.uint16]) -> U32:
    table, state = _table(), np.zeros(len(pairs), np.uint32)
    mixed, index = np.empty_like(state), np.empty(len(pairs), np.intp)
    for column in np.ascontiguousarray(pairs.T):
        np.bitwise_xor(state, column, out=mixed)
        np.bitwise_and(mixed, 0xFFFF, out=index, casting="unsafe")
        np.right_shift(state, 16, out=state)
        state ^= table.take(index)
    return state


@functools.cache
def _table() -> U32:
    """What two bytes add to the checksum of nothing."""
    state = np.arange(65_536, dtype=np.uint32)
    for _ in range(16):
        state = (state >> np.uint32(1)) ^ np.where(state & 1, np.uint32(POLYNOMIAL), np.uint32(0))
    return state


@functools.cache
def _shift_block() -> list[list[int]]:
    """What BLOCK zeros after it make of each byte of a state: four tables, by the byte's place."""
    rows = np.zeros((4, 256, BLOCK), np.uint8)
    for place in range(4):
        rows[place, :, place] = np.arange(256)  # a state and zeros end where its bytes, read from zero, end
    shifted: list[list[int]] = _fold(rows.reshape(-1, BLOCK).view("<u2")).reshape(4, 256).tolist()
    return shifted


def _one_by_one(data: bytes) -> int:
    state = 0xFFFF_FFFF
    for byte in data:
        state ^= byte
        for _ in range(8):
            state = (state >> 1) ^ (POLYNOMIAL if state & 1 else 0)
    return state ^ 0xFFFF_FFFF
