"""Reading a run, whoever wrote it: one format a file, recognised by its content.

To add a format, add one file to this folder; nothing lists it by hand. Its name is what `--source` takes. It holds

- a docstring: which tool writes it, and what must be known to read it;
- `recognises(log) -> int`: NO, PERHAPS, LIKELY or SURE, from content and not from names. SURE is for what no other format
  can be (magic bytes, a header or keys that one tool alone writes), LIKELY for what one tool writes and others might,
  PERHAPS for reading by the meaning of names alone. Ask the cheap properties of the `Log`: `head`, `head_text`, `json`,
  `json_lines`, `dialect_of(log)`; they are worked out once for all sources. A folder that is a run of its own (`version_0`,
  a tracker's run) is recognised as a folder; files in other folders are found without the source's help;
- `read(log) -> Run`: bring the log into tables (`_table`, `_csv`) and give them to `assemble`, with what the format fixes
  (`known` meanings of columns, `base` of its epochs). What is meant by a name (`_columns`), which epoch a row belongs to
  (`_epochs`), percent or fraction (`_units`) and every other trap is handled there, and told in the run's notes.

Imports of heavy packages belong into `read`. Nothing may run code from a log, or read without a bound.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType

from dermai_report import registry
from dermai_report.errors import DermaiError
from dermai_report.files import may_be_read, reading_from
from dermai_report.run import Run
from dermai_report.sources import _remote
from dermai_report.sources._log import LIKELY, NO, Log
from dermai_report.storage.experiment_files import EXPERIMENT
from dermai_report.storage.run_files import MANIFEST

MOST_LISTED = 12
MOST_READ = 500  # files of a folder whose beginnings are looked at
NOT_LOGS = {
    ".pth", ".pt", ".ckpt", ".h5", ".keras", ".bin", ".safetensors", ".onnx", ".png", ".jpg", ".jpeg", ".gif", ".svg", ".webp",
    ".pdf", ".html", ".py", ".ipynb", ".zip", ".gz", ".tar", ".npy", ".npz", ".parquet", ".mp4", ".bmp", ".tif", ".tiff",
}  # fmt: skip


def read_run(
    path: str | Path, source: str | None = None, run: str | None = None, columns: Mapping[str, str] | None = None
) -> Run:
    """Read the run at `path`, or at an address such as s3://bucket/run, in the format `source` or the one that recognises it.

    run: which one, where a file or folder holds several; columns: the column to take for a meaning, such as
    {"val_loss": "Valid Loss"}.

    Raises DermaiError when the path is missing or empty, when no format recognises it or several do, and where it is not
    the log of an image classifier.
    """
    with reading_from(Path(path)):
        if _remote.is_remote(path):
            with _remote.fetched(path, NOT_LOGS - {".parquet"}) as place:
                return _remote.renamed(read_run(place, source, run, columns), place, path)
        return _read(Log(_resolve(Path(path)), run, columns), source)


def runs_in(folder: Path | str) -> list[Path | str]:
    """The runs that lie side by side in a folder, or behind an address, by name: none where it is itself a run, or holds one run's log.

    Links such as `latest` are left out, and experiments, whose runs are theirs. One run directory makes it a folder of runs; of
    folders that trackers wrote it takes two, and behind an address it takes none.
    """
    if isinstance(folder, str):
        return [*_remote.runs_in(folder)]
    with reading_from(folder):
        return [*_runs_in(folder)]


def _runs_in(folder: Path) -> list[Path]:
    if not folder.is_dir() or (folder / MANIFEST).is_file():
        return []
    inside = sorted(path for path in folder.iterdir() if path.is_dir() and not path.is_symlink() and path.name[0] != ".")
    closed = [path for path in inside if not may_be_read(path)]  # may be runs: the index says that it cannot look
    inside = [path for path in inside if path in closed or not (path / EXPERIMENT).is_file()]
    own = [path for path in inside if path not in closed and (path / MANIFEST).is_file()]
    modules = _modules(None)
    if not own and _recognised(Log(folder), modules):
        return []
    if not own:
        inside = [path for path in inside if path not in closed]
    found = [path for path in inside if path in own or path in closed or _recognised(Log(path), modules, LIKELY)]
    return found if own or len(found) > 1 else []


def _read(log: Log, source: str | None) -> Run:
    modules = _modules(source)
    found = _recognised(log, modules)
    if log.is_folder and not found and not any(log.path.glob("*/run.json")):
        log, found = _in_folder(log, modules)
    if source is not None and not found:
        found = [(source, modules[source])]
    if not found:
        raise _not_a_run(log.path)
    if len(found) > 1:
        names = ", ".join(name for name, _ in found)
        raise DermaiError(f"{log.path} could be read as {names}", "choose one with --source")
    run: Run = found[0][1].read(log)
    return run


def _modules(source: str | None) -> dict[str, ModuleType]:
    if source is not None:
        return {source: registry.load("sources", source, "log format")}
    return dict(registry.load_all("sources"))


def _recognised(log: Log, modules: Mapping[str, ModuleType], least: int = NO + 1) -> list[tuple[str, ModuleType]]:
    """The sources that are the surest of it, and sure enough."""
    sure = {name: module.recognises(log) for name, module in modules.items()}
    most = max(sure.values(), default=NO)
    return [(name, modules[name]) for name, value in sure.items() if value == most and value >= least]


def _in_folder(log: Log, modules: Mapping[str, ModuleType]) -> tuple[Log, list[tuple[str, ModuleType]]]:
    """The one log below a folder, or the one that the user chose; raises DermaiError that lists them where there are several."""
    for least in (LIKELY, NO + 1):
        places = {child.path.relative_to(log.path).as_posix(): (child, names) for child, names in _below(log, modules, least)}
        chosen = _chosen(list(places), log.run)
        if chosen is not None:
            child, names = places[chosen]
            child.run = None
            return child, names
        if len(places) > 1:
            raise _several(log.path, places)
        if places:
            return next(iter(places.values()))
    return log, []


def _below(log: Log, modules: Mapping[str, ModuleType], least: int) -> Iterator[tuple[Log, list[tuple[str, ModuleType]]]]:
    """The logs below a folder with the sources that recognise them: folders first, and no file of such a folder."""
    files = [p for p in log.files("*") if p.suffix.lower() not in NOT_LOGS][:MOST_READ]
    folders = sorted({parent for p in files for parent in p.parents if parent != log.path and parent.is_relative_to(log.path)})
    whole: list[Path] = []
    for path in [*sorted(folders, key=lambda p: (len(p.parts), p)), *files]:
        if not any(path.is_relative_to(folder) for folder in whole):
            child = log.below(path)
            found = _recognised(child, modules, least)
            if found:
                whole.append(path)
                yield child, found


def _chosen(places: Sequence[str], run: str | None) -> str | None:
    """The one place that the user's choice names: whole, or a folder or file of it."""
    if run is None:
        return None
    named = [p for p in places if p == run.strip("/") or f"/{p}".endswith(f"/{run}") or f"/{run.strip('/')}/" in f"/{p}"]
    return named[0] if len(named) == 1 else None


def _several(folder: Path, places: Mapping[str, tuple[Log, list[tuple[str, ModuleType]]]]) -> DermaiError:
    listed = [f"{place} ({', '.join(n for n, _ in names)})" for place, (_, names) in places.items()]
    more = f", and {len(listed) - MOST_LISTED} more" if len(listed) > MOST_LISTED else ""
    return DermaiError(
        f"{folder} holds several logs: {', '.join(listed[:MOST_LISTED])}{more}",
        f"name one of them, or choose it: --run {next(iter(places))}",
    )


def _resolve(path: Path) -> Path:
    """An existing path; a pointer file (where symbolic links cannot be made) is followed."""
    if "\0" in str(path):
        raise DermaiError(f"there is nothing at {str(path)!r}: no path has a zero byte in it")
    if path.is_file() and path.name == "latest" and path.stat().st_size < 1000:
        path = path.parent / _pointed_to(path)
    if path.exists():
        return path
    if path.is_symlink():
        raise DermaiError(f"{path} points to a run that is gone", "train again, or name a run directory")
    near = sorted(p.name for p in path.parent.iterdir() if p.is_dir())[:5] if path.parent.is_dir() else []
    hint = f"{path.parent} has: {', '.join(near)}" if near else "train first: dermai-train --data DIR"
    raise DermaiError(f"there is nothing at {path}", hint)


def _pointed_to(pointer: Path) -> str:
    name = pointer.read_bytes().decode("utf-8", "replace").strip()
    if not name or not name.isprintable() or "\ufffd" in name:
        raise DermaiError(f"{pointer} does not hold the name of a run", "name a run directory")
    return name


def _not_a_run(path: Path) -> DermaiError:
    known = ", ".join(registry.names("sources"))
    if path.is_dir() and not any(path.iterdir()):
        return DermaiError(f"{path} is empty", "name a run directory, one with run.json and epochs.jsonl in it")
    if path.is_file() and not path.stat().st_size:
        return DermaiError(f"{path} is an empty file", "name the log of a training")
    if not (path.is_dir() or path.is_file()):
        return DermaiError(f"{path} is neither a file nor a folder", "name the log of a training")
    runs = sorted(p.parent.name for p in path.glob("*/run.json"))[:5] if path.is_dir() else []
    hint = f"it holds runs, name one of them: {', '.join(runs)}" if runs else f"known formats: {known}"
    return DermaiError(f"no known log format recognises {path}", hint)
