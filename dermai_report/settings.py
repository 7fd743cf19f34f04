"""Which rules are checked and at which thresholds: `[tool.dermai-report]` of pyproject.toml, or a TOML file of its own.

    [tool.dermai-report]
    ignore = ["reproducibility"]

    [tool.dermai-report.thresholds.class_imbalance]
    ratio = 5

A threshold is a keyword argument of the rule's `check`, documented there; an unknown rule or key is an error with the nearest name.
"""

from __future__ import annotations

import inspect
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from dermai_report import registry
from dermai_report.errors import DermaiError, unknown_name

TABLE = "dermai-report"
KEYS = ("select", "ignore", "thresholds")


@dataclass(frozen=True)
class Settings:
    """select: rules to check, empty for all; ignore: rules not to check; thresholds: keyword arguments by rule."""

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    thresholds: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    def wants(self, rule: str) -> bool:
        """Whether the rule is to be checked."""
        return rule not in self.ignore and (not self.select or rule in self.select)


def read_settings(
    file: Path | None = None, select: Sequence[str] = (), ignore: Sequence[str] = (), folder: Path | None = None
) -> Settings:
    """The settings of `file`, or of the pyproject.toml in `folder` (here), with `select` and `ignore` from the command line.

    What the command line names replaces what the file names. Raises DermaiError naming file, key and the nearest name.
    """
    path = file or (folder or Path()) / "pyproject.toml"
    values = _table(path, required=file is not None)
    for key in values:
        if key not in KEYS:
            raise unknown_name(f"setting in {path}", key, KEYS)
    chosen = Settings(
        select=tuple(select) or _names(values, "select", path),
        ignore=tuple(ignore) or _names(values, "ignore", path),
        thresholds=values.get("thresholds", {}),
    )
    known = registry.names("rules")
    for name in (*chosen.select, *chosen.ignore, *chosen.thresholds):
        if name not in known:
            raise unknown_name("rule", name, known)
    for name, thresholds in chosen.thresholds.items():
        _check(registry.load("rules", name, "rule"), name, thresholds, path)
    return chosen


def thresholds_of(rule: ModuleType) -> dict[str, float]:
    """A rule's thresholds with their defaults, from the signature of its `check`."""
    parameters = inspect.signature(rule.check).parameters.values()
    return {p.name: p.default for p in parameters if p.kind is inspect.Parameter.KEYWORD_ONLY}


def _table(path: Path, required: bool) -> dict[str, Any]:
    """The settings table: of a pyproject.toml its [tool.dermai-report], of another file the same or its top level."""
    if not path.is_file():
        if required:
            raise DermaiError(f"there is no {path}", "name a TOML file with select, ignore or thresholds")
        return {}
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DermaiError(f"{path} is not readable as TOML: {error}") from None
    table = content.get("tool", {}).get(TABLE)
    if table is None:
        table = {} if path.name == "pyproject.toml" else content
    if not isinstance(table, dict) or not all(isinstance(t, dict) for t in dict(table).get("thresholds", {}).values()):
        raise DermaiError(f"{path}: [tool.{TABLE}] is not a table of settings", "see the top of docs/rules.md")
    return table


def _names(values: Mapping[str, Any], key: str, path: Path) -> tuple[str, ...]:
    names = values.get(key, [])
    if not isinstance(names, list) or not all(isinstance(n, str) for n in names):
        raise DermaiError(f"{path}: {key} must be a list of rule names")
    return tuple(names)


def _check(rule: ModuleType, name: str, thresholds: Mapping[str, Any], path: Path) -> None:
    known = thresholds_of(rule)
    for key, value in thresholds.items():
        if key not in known:
            raise unknown_name(f"threshold of {name}", key, known)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise DermaiError(f"{path}: {name}.{key} = {value!r} is not a number", f"its default is {known[key]}")
