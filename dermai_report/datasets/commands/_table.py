"""A table of numbers per split, for the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping


def lines(rows: Iterable[tuple[str, Mapping[str, int], str]]) -> list[str]:
    """A head, and a line a row: its name, its number in each split that any row has, and a note."""
    rows = list(rows)
    splits = list(dict.fromkeys(split for _, counts, _ in rows for split in counts))
    width = max((len(shown(name)) for name, *_ in rows), default=0)
    width = max(width, len("class"))
    table = ["  ".join([f"{'class':{width}}", *(f"{split:>7}" for split in splits)])]
    for name, counts, note in rows:
        cells = (f"{counts.get(split, 0):7,}" for split in splits)
        table.append("  ".join([f"{shown(name):{width}}", *cells, note]).rstrip())
    return table


def shown(name: str) -> str:
    """A name on one line: quoted where it holds what a terminal would not show."""
    return name if name.isprintable() else ascii(name)
