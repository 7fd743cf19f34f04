"""Damaged copies of a log: bytes flipped, cut off, repeated, dropped, or replaced by values that break readers."""

import random

SPITEFUL = [
    b"\x00",
    b"\xff\xff\xff\xff",
    b"\xff" * 8,
    b"\x7f" * 4,
    b"NaN",
    b"-1",
    b"1e999",
    b"99999999999999999999",
    b"{",
    b"]",
    b'"',
    b"\r",
    b"\xe2\x80\xae",
]


def mutated(data: bytes, rng: random.Random) -> bytes:
    """The bytes with a few changes."""
    out = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 4, 16))):
        if not out:
            break
        at = rng.randrange(len(out))
        kind = rng.randrange(7)
        length = rng.choice((1, 2, 8, 64, 1024))
        if kind == 0:
            out[at] ^= 1 << rng.randrange(8)
        elif kind == 1:
            out[at] = rng.randrange(256)
        elif kind == 2:
            del out[at:]
        elif kind == 3:
            del out[at : at + length]
        elif kind == 4:
            out[at:at] = out[at : at + length]
        elif kind == 5:
            out[at : at + rng.choice((0, 1, 4))] = rng.choice(SPITEFUL)
        else:
            other = rng.randrange(len(out))
            out[at : at + length] = out[other : other + length]
    return bytes(out)
