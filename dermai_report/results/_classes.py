"""Labels and predictions, by name or by number, as indices of one list of classes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dermai_report.errors import DermaiError

MOST_CLASSES = 20_000


def class_names(columns: Sequence[Sequence[str]], known: Sequence[str]) -> tuple[str, ...]:
    """The classes that the values name: the known ones, where the values are those or numbers of them; else the values, sorted."""
    seen = {value for column in columns for value in column}
    if known and (seen <= set(known) or all(_is_index(v, len(known)) for v in seen)):
        return tuple(known)
    if len(seen) > MOST_CLASSES:
        raise DermaiError(
            f"there are {len(seen):,} different labels", "is the column of labels one of identifiers? --column label=NAME"
        )
    if all(v.lstrip("-").isdigit() for v in seen):
        return tuple(str(k) for k in sorted(map(int, seen)))
    return tuple(sorted(seen))


def indices(values: Sequence[str], classes: Sequence[str], what: str) -> np.ndarray:
    """(n,) the index of each value; raises DermaiError that names one which is no class."""
    place = {name: i for i, name in enumerate(classes)}
    if not set(values) <= place.keys() and all(_is_index(v, len(classes)) for v in set(values)):
        return np.array([int(v) for v in values], dtype=np.int32)
    wrong = next((v for v in values if v not in place), None)
    if wrong is not None:
        raise DermaiError(
            f"{what} has {wrong[:60]!r}, which is none of the {len(classes)} classes", f"they are {', '.join(classes[:8])}"
        )
    return np.array([place[v] for v in values], dtype=np.int32)


def _is_index(value: str, n: int) -> bool:
    return value.isdigit() and int(value) < n
