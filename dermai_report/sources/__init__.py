"""Reading a run, whoever wrote it: one format a file, recognised by its content."""

from __future__ import annotations

from pathlib import Path

from dermai_report import registry
from dermai_report.errors import DermaiError
from dermai_report.files import reading_from
from dermai_report.run import Run


def read_run(path: str | Path, source: str | None = None) -> Run:
    """Read the run at `path`, in the format `source` or the one that recognises it.

    Raises DermaiError when the path is missing or empty, no format recognises it, or several do.
    """
    with reading_from(Path(path)):
        return _read(_resolve(Path(path)), source)


def _read(place: Path, source: str | None) -> Run:
    if source is not None:
        run: Run = registry.load("sources", source, "log format").read(place)
        return run
    candidates = [(name, module) for name, module in registry.load_all("sources") if module.recognises(place)]
    if not candidates:
        raise _not_a_run(place)
    if len(candidates) > 1:
        names = ", ".join(name for name, _ in candidates)
        raise DermaiError(f"{place} could be read as {names}", "choose one with --source")
    found: Run = candidates[0][1].read(place)
    return found


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
    runs = sorted(p.parent.name for p in path.glob("*/run.json"))[:5] if path.is_dir() else []
    hint = f"it holds runs, name one of them: {', '.join(runs)}" if runs else f"known formats: {known}"
    return DermaiError(f"no known log format recognises {path}", hint)
