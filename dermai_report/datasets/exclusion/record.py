"""What is written about a class that is set aside: DIR/.excluded/<class>/manifest.json.

JSON of the standard library: it carries file names that are not UTF-8, as lone surrogates.
"""

from __future__ import annotations

import json
import shlex
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from dermai_report.datasets.exclusion.contents import Contents
from dermai_report.errors import DermaiError

FOLDER = ".excluded"
MANIFEST = "manifest.json"
FORMAT = 1


@dataclass(frozen=True)
class Part:
    """The folder of a class in one split: its place (relative to the data folder), what was in it, its time in nanoseconds.

    split: train, val or test, or `all` where the data folder has no splits; images: as the training counts them.
    """

    split: str
    place: str
    images: int
    contents: Contents
    mtime_ns: int


@dataclass(frozen=True)
class Record:
    """A class that is set aside: by whom, when (UTC), why, and its folders."""

    name: str
    by: str
    when: str
    why: str
    parts: tuple[Part, ...]
    format: int = FORMAT

    @property
    def folder(self) -> str:
        """Where it lies, relative to the data folder."""
        return f"{FOLDER}/{self.name}"

    def aside(self, part: Part) -> str:
        """Where one of its folders lies, relative to the data folder."""
        return f"{self.folder}/{part.split}"

    @property
    def counts(self) -> dict[str, int]:
        """Images per split."""
        return {part.split: part.images for part in self.parts}

    def text(self) -> str:
        """The manifest."""
        return json.dumps(asdict(self), indent=2) + "\n"


def read_records(root: Path) -> dict[str, Record]:
    """The classes set aside below a data folder, by name. Raises DermaiError for a manifest that cannot be trusted."""
    found = {}
    for path in sorted((root / FOLDER).glob(f"*/{MANIFEST}")):
        record = parse(_loaded(path), path)
        if record.name != path.parent.name:
            raise _broken(path, f"it is of class {record.name!r}")
        found[record.name] = record
    return found


def restoring(name: str, root: Path) -> str:
    """The command that brings a class back."""
    dashes = ["--"] if name.startswith("-") else []
    return shlex.join(["dermai-data", "restore", "--data", str(root), *dashes, name])


def _loaded(path: Path) -> Any:
    try:
        return json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise _broken(path, str(error)) from None
    except OSError as error:
        raise DermaiError(f"cannot read {path}: {error.strerror}", "give it read permission") from None


def parse(values: Any, path: Path) -> Record:
    """A record from what JSON holds. Raises DermaiError naming the file, also where a place leads out of the data folder."""
    try:
        if values["format"] > FORMAT:
            raise DermaiError(
                f"{path} has format {values['format']}; this version reads up to {FORMAT}", "upgrade dermai-report"
            )
        parts = tuple(
            Part(str(p["split"]), str(p["place"]), int(p["images"]), Contents(**p["contents"]), int(p["mtime_ns"]))
            for p in values["parts"]
        )
        name, by, when, why = (str(values[key]) for key in ("name", "by", "when", "why"))
        record = Record(name, by, when, why, parts)
    except (KeyError, TypeError, ValueError) as error:
        raise _broken(path, f"{type(error).__name__} {error}") from None
    if len(_below(record.name)) != 1:
        raise _broken(path, f"{record.name!r} is no name of a class")
    for place in (*(p.split for p in parts), *(p.place for p in parts)):
        if _below(place)[:1] in ((), (FOLDER,)):
            raise _broken(path, f"{place!r} leads out of the data folder")
    return record


def _below(place: str) -> tuple[str, ...]:
    """The parts of a relative path; none where it leads elsewhere."""
    parts = PurePosixPath(place).parts
    return () if place.startswith("/") or ".." in parts or "\0" in place else parts


def _broken(path: Path, why: str) -> DermaiError:
    return DermaiError(
        f"{path} is no manifest of an excluded class: {why}",
        "move the folders beside it back by hand, then remove it",
    )
