"""Damaged copies of a log: bytes flipped, cut off, repeated, moved or dropped, and values that break readers."""

import gzip
import random
from collections.abc import Iterator
from pathlib import Path

RECORDED = Path(__file__).parent / "recorded"
SPITEFUL = [
    *(
        b"\x00",
        b"\xff\xff\xff\xff",
        b"\xff" * 8,
        b"\x7f" * 4,
        b"\xe4",
        b"\xed\xa0\x80",
        b"\xff\xfe",
        b"\xef\xbb\xbf",
        b"\xe2\x80\xae",
    ),
    *b"NaN Infinity -1 0 -0.0 1e999 1e308 null None 99999999999999999999 1:02:03 1_000 1,5 %".split(),
    *b"epoch loss val_loss accuracy step split run train !!python/object:os.system".split(),
    *(b"", b"9" * 5000, b"x" * 70000, b"[" * 3000, b'{"a":' * 2000, b"&a [*a, *a]"),
    *(b"{", b"]", b'"', b"\r", b"\r\r\n", b"\n", b"\t", b",", b";", b"|"),
]


def logs(names: tuple[str, ...] | list[str] = ()) -> Iterator[tuple[str, dict[Path, bytes]]]:
    """Each recorded log, or those of some names, as its files by their place below it; compressed ones unpacked."""
    for place in sorted(p for p in RECORDED.iterdir() if p.is_dir() and (not names or p.name in names)):
        files = {p.relative_to(place): p.read_bytes() for p in sorted(place.rglob("*")) if p.is_file()}
        unpacked = {p.with_suffix(""): gzip.decompress(d) for p, d in files.items() if p.suffix == ".gz"}
        yield place.name, {p: d for p, d in files.items() if p.suffix != ".gz"} | unpacked


def mutated(data: bytes, rng: random.Random) -> bytes:
    """The bytes with a few changes."""
    out = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 4, 16))):
        if not out:
            break
        at = rng.randrange(len(out))
        kind = rng.randrange(9)
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
        elif kind == 6:
            other = rng.randrange(len(out))
            out[at : at + length] = out[other : other + length]
        else:
            out[:] = _of_lines(bytes(out).split(b"\n"), rng)
    return bytes(out)


def _of_lines(lines: list[bytes], rng: random.Random) -> bytes:
    """Two lines in each other's place, or a cell of one with a value that no writer means."""
    i, k = rng.randrange(len(lines)), rng.randrange(len(lines))
    if rng.random() < 0.5:
        lines[i], lines[k] = lines[k], lines[i]
    else:
        separator = rng.choice((b",", b"\t", b" ", b":"))
        cells = lines[i].split(separator)
        cells[rng.randrange(len(cells))] = rng.choice(SPITEFUL)
        lines[i] = separator.join(cells)
    return b"\n".join(lines)
