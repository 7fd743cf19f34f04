"""The options of a training: one for every key of the configuration, with its meaning, range and default; and --config files."""

from __future__ import annotations

import argparse
import importlib
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from dermai_report.errors import DermaiError, unknown_name
from dermai_report.train import config as configuration
from dermai_report.train.config import TrainConfig

EXPONENT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)[eE][-+]?[0-9]+$")  # a number with one, as YAML 1.2 writes it


def add_options(parser: argparse.ArgumentParser, leave_out: Sequence[str] = ()) -> None:
    """All of them but `leave_out`, under their headings, for a parser with the default argparse.SUPPRESS."""
    parser.add_argument("--config", metavar="FILE", help="TOML or YAML file with the keys below; options overrule it")
    group: Any = parser
    for key, field in configuration.fields().items():
        if key in configuration.SECTIONS:
            group = parser.add_argument_group(configuration.SECTIONS[key])
        if key in leave_out:
            continue
        option = "--" + key.replace("_", "-")
        text = _help(key, field.default)
        if isinstance(field.default, bool):
            group.add_argument(option, action=argparse.BooleanOptionalAction, help=text)
        elif configuration.takes_several(key):
            group.add_argument(option, metavar=key.rpartition("_")[2].upper(), action="append", help=text)
        else:
            group.add_argument(option, metavar=key.rpartition("_")[2].upper(), help=text)


def parse(parser: argparse.ArgumentParser, words: list[str]) -> dict[str, Any]:
    """What was given, by key. Raises DermaiError for an unknown option, with the nearest one."""
    options, unknown = parser.parse_known_args(words)
    if unknown:
        known = [option for action in parser._actions for option in action.option_strings]
        raise unknown_name("option", unknown[0].partition("=")[0], known)
    return vars(options)


def chosen(given: dict[str, Any], underneath: Mapping[str, Any] | None = None) -> TrainConfig:
    """The configuration: `underneath` (of another run), overruled by the --config file, overruled by the options."""
    file = given.pop("config", None)
    checked = TrainConfig.checked(given, text=True)
    return TrainConfig.from_mapping({**(underneath or {}), **(read_config(Path(file)) if file else {}), **checked})


def _help(key: str, default: Any) -> str:
    notes = [configuration.range_of(key)]
    if isinstance(default, bool):
        notes.append(f"default: {'on' if default else 'off'}")
    elif isinstance(default, int | float) or (isinstance(default, str) and default):
        notes.append(f"default: {default}")
    noted = "; ".join(n for n in notes if n)
    return (configuration.description_of(key) + (f" ({noted})" if noted else "")).replace("%", "%%")


def read_config(path: Path) -> Mapping[str, Any]:
    """The checked keys of a TOML or YAML file. Raises DermaiError naming the file, and the line where the parser knows it."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DermaiError(f"cannot read {path}: {getattr(error, 'strerror', None) or error}") from None
    if path.suffix.lower() in (".yaml", ".yml"):
        values = _read_yaml(path, text)
    else:
        import tomllib

        try:
            values = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise DermaiError(f"{path} is not TOML: {error}", 'write one key a line, such as: model = "resnet18"') from None
    if not isinstance(values, dict):
        raise DermaiError(f"{path} holds no keys", "write one key a line, such as: model: resnet18")
    tables = [key for key, value in values.items() if isinstance(value, dict)]
    if tables:
        raise DermaiError(f"{path}: {tables[0]!r} holds keys of its own", "write the keys one a line, under no heading")
    try:
        return TrainConfig.checked(values)
    except DermaiError as error:
        raise DermaiError(f"{path}: {error.message}", error.hint) from None


def _read_yaml(path: Path, text: str) -> Any:
    try:
        yaml: Any = importlib.import_module("yaml")
    except ModuleNotFoundError:
        raise DermaiError(f"reading {path} needs PyYAML", "pip install pyyaml, or write the file as TOML") from None

    class Loader(yaml.SafeLoader):  # type: ignore[misc]
        """YAML 1.2 in one point: 1e-3 is a number. PyYAML follows 1.1, for which it is text without a dot."""

    Loader.add_implicit_resolver("tag:yaml.org,2002:float", EXPONENT, list("-+.0123456789"))
    try:
        return yaml.load(text, Loader)
    except yaml.YAMLError as error:
        raise DermaiError(f"{path} is not YAML: {error}") from None
