"""`dermai-train`: train an image classifier, log it, evaluate it, print the run directory."""

from __future__ import annotations

import argparse
import importlib
import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from dermai_report import __version__
from dermai_report.errors import DermaiError, unknown_name
from dermai_report.train import config as configuration
from dermai_report.train import process
from dermai_report.train.config import TrainConfig

DESCRIPTION = """\
Fine-tune an image classifier and write a run directory that dermai-report reads.

  dermai-train --data photos                   DIR/{train,val,test}/<class>/* or DIR/<class>/*
  dermai-train --data digits --weights none --unfreeze full --epochs 6
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status: 0 done, 2 wrong input or call, 128 + signal when interrupted."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        return _train(*_parse(words), shlex.join(["dermai-train", *words]))
    except DermaiError as error:
        print(f"dermai-train: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("dermai-train: interrupted", file=sys.stderr)
        return 130


def _train(config: TrainConfig, resume: Path | None, command: str) -> int:
    process.prepare()
    try:
        from dermai_report.train.loop import train
        from dermai_report.train.progress import Progress
    except ModuleNotFoundError as error:
        raise DermaiError(
            f"training needs {error.name}, which is not installed", "pip install 'dermai-report[train]'"
        ) from None
    with Progress() as progress:
        result = train(config, command, progress, resume)
    epochs, best = result.history.epochs, result.history.best_epoch
    ended = "interrupted" if result.signal is not None else "finished"
    tested = f"; test accuracy {result.test.accuracy:.2%} of {len(result.test.labels)}" if result.test else ""
    kept = f"best epoch {best} by {config.best_by}{tested}" if best else "no epoch was completed"
    print(f"{ended} after {epochs} of {config.epochs} epochs: {kept}", file=sys.stderr)
    print(f"next: dermai-report {shlex.quote(str(result.path))} --format html", file=sys.stderr)
    print(result.path)
    return 0 if result.signal is None else 128 + result.signal


def _parse(words: list[str]) -> tuple[TrainConfig, Path | None]:
    """The configuration (what the file says, overruled by the command line), and the run to resume, which has its own."""
    parser = build_parser()
    options, unknown = parser.parse_known_args(words)
    if unknown:
        known = [option for action in parser._actions for option in action.option_strings]
        raise unknown_name("option", unknown[0].partition("=")[0], known)
    given = vars(options)
    if "resume" in given:
        path = Path(given.pop("resume"))
        if given:
            option = "--" + next(iter(given)).replace("_", "-")
            raise DermaiError(f"{option} beside --resume", "a resumed run goes on as it was configured; leave it out")
        return resumable(path), path
    file = given.pop("config", None)
    checked = TrainConfig.checked(given, text=True)
    return TrainConfig.from_mapping({**(read_config(Path(file)) if file else {}), **checked}), None


def resumable(path: Path) -> TrainConfig:
    """The configuration of a run that ended early. Raises DermaiError where there is nothing to resume."""
    from dermai_report.run_directory import MANIFEST, read_manifest

    if not (path / MANIFEST).is_file():
        raise DermaiError(f"{path} is no run directory", "give --resume one that dermai-train made")
    manifest = read_manifest(path)
    if manifest.status == "finished":
        raise DermaiError(f"{path} is finished, there is nothing to resume", f"dermai-report {path}")
    return TrainConfig.from_mapping(manifest.config)


def build_parser() -> argparse.ArgumentParser:
    """An option for every key of the configuration, with its meaning, range and default."""
    parser = argparse.ArgumentParser(
        prog="dermai-train",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
        argument_default=argparse.SUPPRESS,
    )
    parser.add_argument("--version", action="version", version=f"dermai-report {__version__}")
    parser.add_argument("--config", metavar="FILE", help="TOML or YAML file with the keys below; options overrule it")
    parser.add_argument("--resume", metavar="RUN", help="continue a run that ended early, to the same end as without the break")
    group: Any = parser
    for key, field in configuration.fields().items():
        if key in configuration.SECTIONS:
            group = parser.add_argument_group(configuration.SECTIONS[key])
        option = "--" + key.replace("_", "-")
        text = _help(key, field.default)
        if isinstance(field.default, bool):
            group.add_argument(option, action=argparse.BooleanOptionalAction, help=text)
        else:
            group.add_argument(option, metavar=key.rpartition("_")[2].upper(), help=text)
    return parser


def _help(key: str, default: Any) -> str:
    notes = [configuration.range_of(key)]
    if isinstance(default, bool):
        notes.append(f"default: {'on' if default else 'off'}")
    elif isinstance(default, int | float) or (isinstance(default, str) and default):
        notes.append(f"default: {default}")
    noted = "; ".join(n for n in notes if n)
    return (configuration.description_of(key) + (f" ({noted})" if noted else "")).replace("%", "%%")


def read_config(path: Path) -> Mapping[str, Any]:
    """The keys of a TOML or YAML file. Raises DermaiError naming the file, and the line where the parser knows it."""
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
    return values


def _read_yaml(path: Path, text: str) -> Any:
    try:
        yaml: Any = importlib.import_module("yaml")
    except ModuleNotFoundError:
        raise DermaiError(f"reading {path} needs PyYAML", "pip install pyyaml, or write the file as TOML") from None
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise DermaiError(f"{path} is not YAML: {error}") from None


if __name__ == "__main__":
    sys.exit(main())
