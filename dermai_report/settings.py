"""Which rules are checked, at which thresholds, and what fails: `[tool.dermai-report]` of pyproject.toml, or a TOML file of its own.

    [tool.dermai-report]
    ignore = ["reproducibility"]
    fail-on = ["error", "leakage"]
    require = ["test.accuracy >= 0.7"]

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

from dermai_report import registry, requirements
from dermai_report.errors import DermaiError, unknown_name

TABLE = "dermai-report"
KEYS = ("select", "ignore", "thresholds", "fail-on", "require", "strict", "min-confidence")
LISTED = {"fail-on": "severities and rule names", "require": "requirements"}
FAILING = ("error", "warning")  # the severities that can be asked to fail; a note is no defect
MIN_CONFIDENCE = 0.6  # from here on a report calls a confidence moderate; below it, low


@dataclass(frozen=True)
class GateSettings:
    """What fails a pipeline. fail_on: severities and rules; require: such as "test.accuracy >= 0.7"; strict: "cannot tell" fails.

    min_confidence: the least confidence in [0, 1] with which a finding fails; below it, whether it holds cannot be told.
    """

    fail_on: tuple[str, ...] = ()
    require: tuple[str, ...] = ()
    strict: bool = False
    min_confidence: float = MIN_CONFIDENCE

    @property
    def asks(self) -> bool:
        """Whether anything at all is asked."""
        return bool(self.fail_on or self.require)


@dataclass(frozen=True)
class Settings:
    """select: rules to check, empty for all; ignore: rules not to check; thresholds: keyword arguments by rule; gate: what fails."""

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    thresholds: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    gate: GateSettings = GateSettings()

    def wants(self, rule: str) -> bool:
        """Whether the rule is to be checked."""
        return rule not in self.ignore and (not self.select or rule in self.select)


def read_settings(
    file: Path | None = None,
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    folder: Path | None = None,
    gate: Mapping[str, Any] | None = None,
) -> Settings:
    """The settings of `file`, or of the pyproject.toml in `folder` (here), with those of the command line.

    gate: what the command line says of the gate, by key; None and empty say nothing. What the command line names replaces
    what the file names. Raises DermaiError naming file, key and the nearest name.
    """
    path = file or (folder or Path()) / "pyproject.toml"
    values = _table(path, required=file is not None)
    for key in values:
        if key not in KEYS:
            raise unknown_name("setting", key, KEYS, f" in {path}")
    chosen = Settings(
        select=tuple(select) or _names(values, "select", path),
        ignore=tuple(ignore) or _names(values, "ignore", path),
        thresholds=values.get("thresholds", {}),
        gate=_gate(values, {key: value for key, value in (gate or {}).items() if value not in (None, [])}, path),
    )
    known = registry.names("rules")
    for name in (*chosen.select, *chosen.ignore, *chosen.thresholds):
        if name not in known:
            raise unknown_name("rule", name, known)
    for name in chosen.gate.fail_on:
        if name not in (*FAILING, *known):
            raise unknown_name("severity or rule to fail on", name, (*FAILING, *known))
        if name in known and not chosen.wants(name):
            raise DermaiError(f"{name} is to be failed on, but select and ignore leave it out", "let it be checked, or drop it")
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
        raise DermaiError(f"{path}: {key} must be a list of {LISTED.get(key, 'rule names')}")
    return tuple(names)


def _gate(file: Mapping[str, Any], call: Mapping[str, Any], path: Path) -> GateSettings:
    values = {**file, **call}
    strict, least = values.get("strict", False), values.get("min-confidence", MIN_CONFIDENCE)
    if not isinstance(strict, bool):
        raise DermaiError(f"{path}: strict must be true or false")
    if isinstance(least, bool) or not isinstance(least, int | float) or not 0 <= least <= 1:
        raise DermaiError(f"min-confidence = {least!r} is no number from 0 to 1", f"its default is {MIN_CONFIDENCE}")
    required = tuple(requirements.parse(text).text for text in _names(values, "require", path))
    gate = GateSettings(_names(values, "fail-on", path), required, strict, float(least))
    if call.get("strict") and not gate.asks:
        raise DermaiError("--strict, and nothing is asked that could fail", "say what: --fail-on error, or --require")
    return gate


def _check(rule: ModuleType, name: str, thresholds: Mapping[str, Any], path: Path) -> None:
    known = thresholds_of(rule)
    for key, value in thresholds.items():
        if key not in known:
            raise unknown_name(f"threshold of {name}", key, known)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise DermaiError(f"{path}: {name}.{key} = {value!r} is not a number", f"its default is {known[key]}")
