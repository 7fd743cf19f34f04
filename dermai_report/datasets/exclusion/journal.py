"""Moves that are finished or undone, whenever the process dies.

The journal, DIR/.excluded/.journal, is on the disk before the first folder moves and goes after the last. Every step looks
at what is there, so doing it again changes nothing: a journal that is found is carried out from its start. A torn journal is
one whose writer died before anything moved. Bringing back is setting aside the other way round, so each undoes the other.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from dermai_report.datasets.exclusion.record import FOLDER, MANIFEST, Record, parse
from dermai_report.errors import DermaiError
from dermai_report.files import flush_folder

NAME = ".journal"  # a class cannot be called so: its name would start with a dot
END = b"\n"  # the last byte: a journal without it is torn


@dataclass(frozen=True)
class Journal:
    """What is being done, to which classes, and the times (nanoseconds) of the folders whose entries change with it."""

    action: Literal["exclude", "restore"]
    records: tuple[Record, ...]
    times: dict[str, int]


def carry_out(root: Path, action: Literal["exclude", "restore"], records: Sequence[Record]) -> None:
    """Set classes aside, or bring them back. Raises DermaiError, with everything as it was, where the system refuses."""
    places = {str(Path(part.place).parent) for record in records for part in record.parts}
    times = {place: (root / place).stat().st_mtime_ns for place in sorted({".", *places})}
    journal = Journal(action, tuple(records), times)
    try:
        _write(root, journal)
        _do(root, journal)
    except OSError as error:
        _undo(root, journal)
        raise _refused(root, journal, error) from error
    _close(root, journal)


def is_pending(root: Path) -> bool:
    """Whether a change of this folder was cut short."""
    return (root / FOLDER / NAME).exists()


def recover(root: Path) -> str | None:
    """Finish, or else undo, a change that was cut short; says which, or None where there was none."""
    path = root / FOLDER / NAME
    if not path.exists():
        _remove_if_empty(root)
        return None
    text = path.read_bytes()
    if not text.endswith(END):
        _close(root, Journal("exclude", (), {".": root.stat().st_mtime_ns}))
        return "a change was cut short before anything had moved; nothing is changed"
    journal = _parse(text, path)
    _check_nothing_is_lost(root, journal)
    names = ", ".join(record.name for record in journal.records)
    try:
        _do(root, journal)
    except OSError as error:
        _undo(root, journal)
        return f"{journal.action} {names}, cut short earlier, is undone: {error.strerror}"
    _close(root, journal)
    return f"{journal.action} {names}, cut short earlier, is finished"


def _parse(text: bytes, path: Path) -> Journal:
    try:
        values = json.loads(text)
        records = tuple(parse(record, path) for record in values["records"])
        times = {str(place): int(mtime_ns) for place, mtime_ns in values["times"].items()}
        if values["action"] not in ("exclude", "restore") or "." not in times:
            raise ValueError("no such action")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DermaiError(
            f"{path} is no journal of dermai-data: {error}",
            "see by hand which folders of classes are in .excluded, then remove it",
        ) from None
    return Journal(values["action"], records, times)


def _write(root: Path, journal: Journal) -> None:
    folder = root / FOLDER
    if not folder.is_dir():
        folder.mkdir()
        _set_time(root, journal.times["."])
    with (folder / NAME).open("wb") as file:
        file.write(json.dumps(asdict(journal)).encode() + END)
        file.flush()
        os.fsync(file.fileno())
    flush_folder(folder)
    flush_folder(root)


def _do(root: Path, journal: Journal) -> None:
    (_set_aside if journal.action == "exclude" else _bring_back)(root, journal)


def _undo(root: Path, journal: Journal) -> None:
    try:
        (_bring_back if journal.action == "exclude" else _set_aside)(root, journal)
    except OSError as error:
        raise DermaiError(
            f"{journal.action} was cut short in {root}, and could not be undone: {error.filename}: {error.strerror}",
            "nothing is lost; mend that, then call dermai-data list, which finishes it",
        ) from error
    _close(root, journal)


def _set_aside(root: Path, journal: Journal) -> None:
    for record in journal.records:
        folder = root / record.folder
        folder.mkdir(exist_ok=True)
        with (folder / MANIFEST).open("w", encoding="utf-8") as file:
            file.write(record.text())
            file.flush()
            os.fsync(file.fileno())
        for part in record.parts:
            _move(root / part.place, root / record.aside(part), part.mtime_ns)
    _settle(root, journal)


def _bring_back(root: Path, journal: Journal) -> None:
    for record in journal.records:
        for part in record.parts:
            source, target = root / record.aside(part), root / part.place
            if os.path.lexists(source) and os.path.lexists(target):
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target))
            _move(source, target, part.mtime_ns)
    _settle(root, journal)  # the moves are on the disk before the manifests go
    for record in journal.records:
        folder = root / record.folder
        (folder / MANIFEST).unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # somebody keeps a file of their own there, or it is gone already
            folder.rmdir()
    flush_folder(root / FOLDER)


def _move(source: Path, target: Path, mtime_ns: int) -> None:
    """Rename, unless that is done; what somebody has put in the old place since then is left alone."""
    if not os.path.lexists(target):
        source.rename(target)
    _set_time(target, mtime_ns)  # some file systems count the new parent as a change of the folder


def _settle(root: Path, journal: Journal) -> None:
    """Everything on the disk, and the folders with the times that they had."""
    for record in journal.records:
        flush_folder(root / record.folder)
    for place, mtime_ns in journal.times.items():
        _set_time(root / place, mtime_ns)
        flush_folder(root / place)


def _close(root: Path, journal: Journal) -> None:
    (root / FOLDER / NAME).unlink(missing_ok=True)
    flush_folder(root / FOLDER)
    _remove_if_empty(root, journal.times["."])


def _remove_if_empty(root: Path, mtime_ns: int | None = None) -> None:
    mtime_ns = root.stat().st_mtime_ns if mtime_ns is None else mtime_ns
    with contextlib.suppress(OSError):  # classes are still set aside there, or there is none
        (root / FOLDER).rmdir()
        _set_time(root, mtime_ns)
        flush_folder(root)


def _set_time(path: Path, mtime_ns: int) -> None:
    status = path.lstat()
    if status.st_mtime_ns == mtime_ns:
        return
    with contextlib.suppress(PermissionError):  # a folder of somebody else's that we may write to: its time is not ours to set
        os.utime(path, ns=(status.st_atime_ns, mtime_ns), follow_symlinks=False)


def _check_nothing_is_lost(root: Path, journal: Journal) -> None:
    for record in journal.records:
        for part in record.parts:
            if not os.path.lexists(root / part.place) and not os.path.lexists(root / record.aside(part)):
                raise DermaiError(
                    f"{journal.action} {record.name} was cut short, and now neither {root / part.place} nor "
                    f"{root / record.aside(part)} is there",
                    f"put the folder back in one of the places, or remove {root / FOLDER / NAME} to give it up",
                )


def _refused(root: Path, journal: Journal, error: OSError) -> DermaiError:
    names = ", ".join(record.name for record in journal.records)
    return DermaiError(
        f"cannot {journal.action} {names} in {root}: {error.filename}: {error.strerror}; nothing is changed",
        "folders are renamed within one file system, in places that you may write to; dermai-train --exclude-class needs neither",
    )
