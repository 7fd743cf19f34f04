"""What is to be moved, and why it may not be. Nothing here changes anything."""

from __future__ import annotations

import datetime
import getpass
import os
import platform
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from dermai_report.datasets.exclusion.contents import entries, look_into
from dermai_report.datasets.exclusion.record import FOLDER, Part, Record, read_records
from dermai_report.datasets.layout import split_folders, subfolders
from dermai_report.errors import DermaiError, unknown_name

WHOLE = "all"  # the split of a data folder without splits
FEWEST = 2  # classes; a classifier needs as many
TOUCHES_NOTHING = "dermai-train --exclude-class leaves a class out without touching files"


def class_folders(root: Path) -> dict[str, dict[str, Path]]:
    """The folders of each class by split, classes by name."""
    found: dict[str, dict[str, Path]] = {}
    for split, folder in (split_folders(root) or {WHOLE: root}).items():
        for of_class in subfolders(folder):
            found.setdefault(of_class.name, {})[split] = of_class
    return dict(sorted(found.items()))


def exclude(root: Path, names: Sequence[str], why: str = "", force: bool = False) -> list[Record]:
    """The records of classes to set aside. Raises DermaiError for what must not be; `force` allows fewer than two to be left."""
    present = class_folders(root)
    _check_names(root, names, present)
    left = [name for name, folders in present.items() if name not in names and ("train" in folders or WHOLE in folders)]
    if len(left) < FEWEST and not force:
        raise DermaiError(
            f"without {', '.join(dict.fromkeys(names))}, {root} has {', '.join(left) or 'no class'} left to train on, and a "
            f"classifier needs {FEWEST} classes",
            "--force sets them aside all the same",
        )
    return [_record(root, name, present[name], why) for name in dict.fromkeys(names)]


def keep(root: Path, names: Sequence[str], why: str = "", force: bool = False) -> list[Record]:
    """The records of all classes but these, to set them aside; none where there are no others."""
    present = class_folders(root)
    _check_names(root, names, present)
    others = [name for name in present if name not in names]
    return exclude(root, others, why, force) if others else []


def restore(root: Path, names: Sequence[str], force: bool = False) -> list[Record]:
    """The records of classes to bring back; all of them where none is named. Raises DermaiError where one is not as it was.

    force: bring it back as it is now.
    """
    aside = read_records(root)
    _check_names(root, names, aside, kind="excluded class")
    records = [aside[name] for name in dict.fromkeys(names or aside)]
    for record in records:
        for part in record.parts:
            _check_return(root, record, part, force)
    return records


def _check_names(root: Path, names: Sequence[str], known: Mapping[str, object], kind: str = "class") -> None:
    for name in names:
        if name in known:
            continue
        if "/" in name or os.sep in name or name in (".", "..", ""):
            raise DermaiError(f"{name!r} is a path, and may lead out of {root}", f"name a {kind} by the name of its folder")
        error = unknown_name(kind, name, known)
        raise DermaiError(f"{error.message} in {root}", error.hint)


def _record(root: Path, name: str, folders: Mapping[str, Path], why: str) -> Record:
    home, target = root / FOLDER, root / FOLDER / name
    if home.is_symlink() or (home.exists() and not home.is_dir()):
        raise DermaiError(f"{home} is no folder of its own", "move it elsewhere; excluded classes go there")
    if os.path.lexists(target):
        raise DermaiError(
            f"{target} exists already", f"dermai-data restore brings a class back; then {name} can be excluded anew"
        )
    for folder in folders.values():
        _check_links(root, folder)
    parts = tuple(
        Part(split, folder.relative_to(root).as_posix(), images(folder), look_into(folder), folder.lstat().st_mtime_ns)
        for split, folder in folders.items()
    )
    return Record(name, _who(), f"{datetime.datetime.now(datetime.UTC):%Y-%m-%dT%H:%M:%SZ}", why, parts)


def images(folder: Path) -> int:
    """Pictures below a folder, as the training counts them."""
    from dermai_report.datasets.collections.folder import pictures

    return sum(1 for _ in pictures(folder, {}))


def _check_return(root: Path, record: Record, part: Part, force: bool) -> None:
    aside, place = root / record.aside(part), root / part.place
    if os.path.lexists(place):
        raise DermaiError(f"{place} exists already", f"move it elsewhere; {aside} is to come back there")
    if not place.parent.is_dir():
        raise DermaiError(f"{place.parent} is gone, and {aside} is to come back there", "make that folder")
    if not os.path.lexists(aside):
        raise DermaiError(f"{aside} is gone", f"{root / record.folder}/manifest.json says what was in it")
    _check_links(root, aside, place.parent)
    now, then = look_into(aside), part.contents
    if now != then and not force:
        raise DermaiError(
            f"{aside} is not what was set aside: {now.files} files of {now.bytes} bytes now, {then.files} of {then.bytes} then"
            + ("; names or sizes differ" if (now.files, now.bytes) == (then.files, then.bytes) else ""),
            "mend it, or --force brings it back as it is",
        )


def _check_links(root: Path, *folders: Path) -> None:
    """Raise DermaiError where a folder, or a link on the way to it or in it, leads out of the data folder."""
    home = root.resolve()
    for folder in folders:
        for link in _links(root, folder):
            target = link.resolve()
            if not target.is_relative_to(home):
                raise DermaiError(f"{link} is a link that leaves {root}, to {target}", TOUCHES_NOTHING)


def _links(root: Path, folder: Path) -> Iterator[Path]:
    way = folder.relative_to(root).parts
    yield from (path for n in range(len(way)) if (path := root.joinpath(*way[: n + 1])).is_symlink())
    yield from (path for _, path, _ in entries(folder) if path.is_symlink())


def _who() -> str:
    try:
        user = getpass.getuser()
    except (OSError, KeyError):  # a container's user without a name
        user = str(os.getuid())
    return f"{user}@{platform.node()}"
