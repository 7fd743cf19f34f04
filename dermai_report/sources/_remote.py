"""A log that stands elsewhere (s3://, https://, zip://, …): its small files, fetched through fsspec into a temporary folder.

Weights are never fetched, and nothing without a bound. Names from elsewhere stay below the folder. What the log is called in the
report, and in errors, is its address: without the password or the signature that it may hold.
"""

from __future__ import annotations

import contextlib
import errno
import re
import tempfile
from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

from dermai_report.errors import DermaiError
from dermai_report.remote import lease
from dermai_report.remote.addresses import is_address, shown, telling
from dermai_report.run import Run
from dermai_report.storage import val_epoch_files
from dermai_report.storage.prediction_files import file_of
from dermai_report.storage.run_files import EPOCHS, LATEST, MANIFEST, TEST, parse_epoch

MOST_FILES = 5_000
LARGEST_FILE = 256 * 1024**2
LARGEST_LOG = 1024**3
DEEPEST = 8
LONGEST_NAME = 300
MARKS = (
    "size",
    "ETag",
    "etag",
    "mtime",
    "LastModified",
    "created",
)  # which of them tell that a file has changed depends on the store
MODELS = "model"  # the folder of a run directory
NAME = re.compile(r"(?![A-Za-z]:)[^/\\\0]{1,255}")  # of one file or folder; "C:" would be a place of its own
AT_ONCE = 8  # files that are fetched side by side: each waits for its server
CHUNK = 1024**2
REPLACED = 5  # times that one file may be replaced while it is copied


def is_remote(path: str | Path) -> bool:
    """Whether it is an address, or a zip file, and not a path."""
    return is_address(path) or (Path(path).suffix.lower() == ".zip" and Path(path).is_file())


@contextlib.contextmanager
def fetched(address: str | Path, skipped: Collection[str]) -> Iterator[Path]:
    """The log as a temporary path of the same name. skipped: endings of files that are no logs.

    Raises DermaiError where it cannot be fetched or is too large; one from within comes out with the address for the path.
    """
    address = str(address)
    whole = address if is_address(address) else f"zip://::{Path(address).absolute()}"
    with tempfile.TemporaryDirectory(prefix="dermai-report-") as folder:
        with telling(address):
            place = _fetch(whole, Path(folder), skipped)
        try:
            yield place
        except DermaiError as error:
            known, name = str(place), shown(address)
            raise DermaiError(error.message.replace(known, name), error.hint.replace(known, name)) from None


def runs_in(address: str) -> list[str]:
    """The addresses of the run directories that lie side by side there, by name; none where it is one itself, or a server lists nothing."""
    with telling(address):
        from fsspec.core import url_to_fs

        files, root = url_to_fs(address)
        root = root.rstrip("/")
        if "http" in files.protocol or not files.isdir(root) or files.isfile(f"{root}/{MANIFEST}"):
            return []
        folders = sorted(_below(root, entry["name"]) for entry in files.ls(root, detail=True) if entry["type"] == "directory")
        with ThreadPoolExecutor(AT_ONCE) as pool:
            there = pool.map(lambda name: files.isfile(f"{root}/{name}/{MANIFEST}"), folders)
        return [f"{address.rstrip('/')}/{name}" for name, is_there in zip(folders, there, strict=True) if is_there]


def state(address: str) -> object:
    """What changes when a run there moves: its objects, and whether somebody still writes it."""
    with telling(address):
        from fsspec.core import url_to_fs

        files, root = url_to_fs(address)
        files.invalidate_cache()
        found = files.find(root, detail=True)
        leases = sorted(name for name in found if f"/{lease.FOLDER}/" in name)
        live = bool(leases) and lease.is_live(files.cat_file(leases[-1]))
    return sorted((name, str({k: facts.get(k) for k in MARKS})) for name, facts in found.items() if name not in leases), live


def renamed(run: Run, place: Path, address: str | Path) -> Run:
    """The run that was read at `place`, as read at the address."""
    name = shown(str(address))
    return replace(run, path=run.path.replace(str(place), name), notes=tuple(n.replace(str(place), name) for n in run.notes))


def _fetch(address: str, folder: Path, skipped: Collection[str]) -> Path:
    """The log, below the folder and of its own name."""
    from fsspec.core import url_to_fs

    files, root = url_to_fs(address)
    root = root.rstrip("/")
    if root.rpartition("/")[2] == MANIFEST:  # any file of a run stands for all of it
        root = root.rpartition("/")[0]
    elif root.rpartition("/")[2] == LATEST and files.isfile(root):
        root = (
            f"{root.rpartition('/')[0]}/{_below('', files.cat_file(root, end=LONGEST_NAME).decode('utf-8', 'replace').strip())}"
        )
    if files.protocol == "zip" and not root:
        root = _only_folder(files)
    place = folder.joinpath(*_last_two(root, address))
    web = "http" in files.protocol  # which lists no folder; fsspec takes the links of a page for one, and would load it to see
    known = _known_names(files, root, place) if web and "?" not in root else None
    if known is not None:
        _copy_all(files, [(f"{root}/{name}", name) for name in known], place)
    elif not web and files.isdir(root):
        _copy_all(files, list(_listed(files, root, skipped)), place)
    else:
        _copy(files, root, place, LARGEST_FILE)
    return place


def _last_two(root: str, address: str) -> list[str]:
    """What the log is called, and the folder it is in: readers name a run by them."""
    outer = Path(shown(address).rpartition("::")[2]).stem  # the archive, where the log is at its top
    names = [outer, *(part for part in shown(root).split("/") if part)][-2:]
    return [name if NAME.fullmatch(name) and name.strip(".") else "log" for name in names]


def _only_folder(archive: Any) -> str:
    """The folder that an archive holds and nothing beside it; its root otherwise."""
    entries = archive.ls("", detail=True)
    return str(entries[0]["name"]).strip("/") if len(entries) == 1 and entries[0]["type"] == "directory" else ""


def _known_names(files: Any, root: str, place: Path) -> list[str] | None:
    """The files of a run directory, where a server lists none; None where there is no run.json."""
    if not files.exists(f"{root}/{MANIFEST}"):
        return None
    _copy(files, f"{root}/{EPOCHS}", place / EPOCHS, LARGEST_FILE)
    names = [MANIFEST, TEST, *(file_of(Path(), split).as_posix() for split in ("val", "test"))]
    numbers = [parse_epoch(line).epoch for line in (place / EPOCHS).read_bytes().splitlines()[:MOST_FILES] if _is_whole(line)]
    names += [f"{val_epoch_files.PLACE}/{number:04d}.parquet" for number in numbers]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        there = pool.map(lambda name: files.exists(f"{root}/{name}"), names)
    return [name for name, is_there in zip(names, there, strict=True) if is_there]


def _is_whole(line: bytes) -> bool:
    try:
        parse_epoch(line)
    except ValueError:
        return False
    return True


def _listed(files: Any, root: str, skipped: Collection[str]) -> Iterator[tuple[str, str]]:
    """(place, name below root) of every file that may belong to a log."""
    waiting, count = [(root, 0)], 0
    while waiting:
        folder, depth = waiting.pop()
        for entry in files.ls(folder, detail=True):
            count += 1
            if count > MOST_FILES:
                raise DermaiError(f"there are more than {MOST_FILES:,} files", "name the folder of one run, or the log itself")
            if entry["name"].strip("/") == folder.strip("/"):  # a store's mark of the folder itself
                continue
            name = _below(root, entry["name"])
            if entry["type"] == "directory":
                if depth < DEEPEST and Path(name).name != MODELS:
                    waiting.append((entry["name"], depth + 1))
            elif Path(name).suffix.lower() not in skipped:
                yield entry["name"], name


def _below(root: str, name: str) -> str:
    """The name below root; raises DermaiError for one that leads out of it."""
    parts = name.strip("/").removeprefix(root.strip("/")).strip("/").split("/")
    if any(part in (".", "..") or not NAME.fullmatch(part) for part in parts):
        raise DermaiError(f"the name {name!r:.80} leads out of its folder", "this is no log of a training; do not trust it")
    return "/".join(parts)


def _copy_all(files: Any, names: list[tuple[str, str]], place: Path) -> None:
    place.mkdir(parents=True, exist_ok=True)
    left = LARGEST_LOG
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for size in pool.map(lambda pair: _copy(files, pair[0], place / pair[1], LARGEST_FILE), names):
            left -= size
            if left < 0:
                pool.shutdown(cancel_futures=True)
                raise DermaiError(f"its files are more than {LARGEST_LOG // 1024**2:,} MB together", "name the log itself")


def _copy(files: Any, source: str, place: Path, most: int, again: int = REPLACED) -> int:
    """Copy one file, at most so many bytes; returns how many. One that is replaced meanwhile is copied again, so many times."""
    place.parent.mkdir(parents=True, exist_ok=True)
    try:
        return _copied(files, source, place, most)
    except OSError as error:
        if error.errno != errno.EINVAL or not again:  # what s3fs makes of "it is another object by now"
            raise
        files.invalidate_cache()
        return _copy(files, source, place, most, again - 1)


def _copied(files: Any, source: str, place: Path, most: int) -> int:
    size = 0
    with files.open(source, "rb") as stream, place.open("wb") as file:
        while chunk := stream.read(CHUNK):
            size += len(chunk)
            if size > most:
                raise DermaiError(
                    f"{source.rpartition('/')[2]} is larger than {most // 1024**2:,} MB, the most that is fetched",
                    "download it and name its path",
                )
            file.write(chunk)
    return size
