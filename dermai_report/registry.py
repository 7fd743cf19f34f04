"""A plugin is a file in a folder: its name is the file's name, and nothing lists it by hand.

Listing names imports nothing, so `--help` can name every format without loading one.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from dermai_report.errors import unknown_name


def names(folder: str) -> list[str]:
    """The plugins of `dermai_report.<folder>`, sorted; modules starting with `_` are not plugins."""
    place = Path(__file__).parent.joinpath(*folder.split("."))
    return sorted(m.name for m in pkgutil.iter_modules([str(place)]) if not m.name.startswith("_"))


def load(folder: str, name: str, kind: str) -> ModuleType:
    """The plugin `name`; raises DermaiError with the nearest name when there is none. `kind` words the error."""
    known = names(folder)
    if name not in known:
        raise unknown_name(kind, name, known)
    return importlib.import_module(f"dermai_report.{folder}.{name}")


def load_all(folder: str) -> Iterator[tuple[str, ModuleType]]:
    """Every plugin of the folder with its name, in order of name."""
    for name in names(folder):
        yield name, importlib.import_module(f"dermai_report.{folder}.{name}")
