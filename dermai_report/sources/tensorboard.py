"""TensorBoard event files: those of torch, Lightning, Ultralytics and the Trainer (numbers), and of Keras (tensors).

A logdir of several runs is asked about (`--run`). Folders called train, validation, … below one folder are one run, and so are the
folders that torch's `add_scalars` makes of one chart. The number after a file's name in a report is that of the record.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from dermai_report.errors import DermaiError
from dermai_report.run import Run
from dermai_report.sources import _choice
from dermai_report.sources._assemble import assemble
from dermai_report.sources._columns import SPLIT_OF, meaning
from dermai_report.sources._event_file import Series, is_event_file, read_scalars
from dermai_report.sources._log import LARGEST, LIKELY, NO, SURE, Log, read_yaml
from dermai_report.sources._scalar_curves import Curve, in_epochs
from dermai_report.sources._trainer_names import summary_names

PATTERN = "*tfevents*"
LEFT_OUT = re.compile(r"(^|/)(hp_metric$|_hparams_|hparam/)")
SETTINGS = "hparams.yaml"
Read = dict[str, Series]


def recognises(log: Log) -> int:
    """An event file; or a folder with event files in it or below."""
    if not log.is_folder:
        return SURE if is_event_file(log.head) else NO
    return LIKELY if _files(log) else NO


def read(log: Log) -> Run:
    """Read one run; raises DermaiError that lists the runs where there are several."""
    if not log.is_folder:
        return _run(log, {"": [log.path]}, [], log.path.parent)
    groups = _groups(log.path, _files(log))
    chosen = _choice.one_of(log, {name or log.name: (name, folders) for name, folders in groups.items()}, "runs")
    return _run(log, chosen[1], [], log.path / chosen[0])


def _files(log: Log) -> list[Path]:
    found: list[Path] = log.kept.setdefault("event files", [p for p in log.files(PATTERN) if is_event_file(_head(p))])
    return found


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(64)


def _groups(root: Path, files: Sequence[Path]) -> dict[str, dict[str, list[Path]]]:
    """The runs below a folder: by the folder of each its parts' folders, relative to it, with their files."""
    by_folder: dict[Path, list[Path]] = {}
    for path in files:
        by_folder.setdefault(path.parent, []).append(path)
    groups: dict[str, dict[str, list[Path]]] = {}
    for folder, own in by_folder.items():
        home = _home(root, folder, by_folder)
        name = "" if home == root else home.relative_to(root).as_posix()
        groups.setdefault(name, {})[folder.relative_to(home).as_posix()] = own
    return groups


def _home(root: Path, folder: Path, by_folder: Mapping[Path, Sequence[Path]]) -> Path:
    """The folder of the run that a folder of event files belongs to: its parent's, where it is only a part of it."""
    if folder == root or (folder.name.lower() not in SPLIT_OF and folder.parent not in by_folder):
        return folder
    return folder.parent if folder.name.lower() in SPLIT_OF or _is_part(folder, by_folder[folder]) else folder


def _is_part(folder: Path, files: Sequence[Path]) -> bool:
    """Whether a folder beside the event files of its parent holds one curve of add_scalars, or the parameters of the run."""
    tags = {tag for path in files for tag in _scalars(path, [])}
    return all(LEFT_OUT.search(tag) for tag in tags) or _curve(folder.name, tags) is not None


def _curve(folder: str, tags: set[str]) -> str | None:
    """The curve's own name: torch writes `add_scalars("loss", {"train": …})` as the tag `loss` in a folder `loss_train`."""
    if len(tags) != 1:
        return None
    (tag,) = tags
    stem = tag.replace("/", "_") + "_"
    return folder.removeprefix(stem) if folder.startswith(stem) else None


def _scalars(path: Path, notes: list[str]) -> Read:
    if path.stat().st_size > LARGEST:
        raise DermaiError(f"{path} is larger than {LARGEST / 1024**3:.0f} GB, the most that is read", "log scalars less often")
    events = read_scalars(path.read_bytes())
    notes += [f"{path.name}: {problem}." for problem in events.problems]
    return dict(events.series)


def _run(log: Log, folders: Mapping[str, Sequence[Path]], notes: list[str], home: Path) -> Run:
    curves: list[Curve] = []
    files: list[Path] = []
    for folder, own in folders.items():
        parts = [(path, _scalars(path, notes)) for path in sorted(own, key=_when)]
        files += own
        for path, series in _one_after_the_other(log, [(p, s) for p, s in parts if s], notes):
            curves += [Curve(_named(folder, tag, set(series)), s, _place(path, log)) for tag, s in _kept(series).items()]
    if not curves:
        raise DermaiError(
            f"{log.path} holds no scalars that tell of a training" + _and(notes), "log losses and accuracies as scalars"
        )
    known = {c.tag: replace(meaning(c.tag), split="val") for c in curves if c.tag.startswith("metrics/")}
    by_epoch = any(c.tag.split("/")[-1].startswith("epoch_") for c in curves)
    config = read_yaml(home / SETTINGS, log.notes) if (home / SETTINGS).is_file() else {}
    _note_neighbours(home, notes)
    return assemble(
        log,
        in_epochs(curves, notes),
        source="tensorboard",
        known=known,
        step_is_epoch=by_epoch,
        notes=notes,
        files=files,
        config=config,
    )


def _and(notes: Sequence[str]) -> str:
    return f" ({notes[0]})" if notes else ""


def _when(path: Path) -> tuple[int, str]:
    """In the order they were begun: the name holds the second, and a number where several were begun in one."""
    found = re.search(r"tfevents\.(\d+)", path.name)
    tail = re.search(r"\.(\d+)(\.v2)?$", path.name)
    return (int(found[1]) if found else 0, f"{int(tail[1]):>20}" if tail else path.name)


def _one_after_the_other(log: Log, parts: list[tuple[Path, Read]], notes: list[str]) -> list[tuple[Path, Read]]:
    """The files of one folder as one training: a later file that goes on from a checkpoint replaces what it repeats.

    One that starts where the first did is another run, and the user is asked.
    """
    begun: list[list[tuple[Path, Read]]] = []
    for path, whole in parts:
        before = begun[-1] if begun else []
        series = _without_late(before, whole, path, notes)
        shared = [tag for tag in series if any(tag in s for _, s in before)]
        again = [tag for tag in shared if len(series[tag].step) > 1 and series[tag].step[0] <= _first(before, tag)]
        if not before or again:
            begun.append([(path, series)])
        else:
            begun[-1] = [*_cut(before, series, shared, notes, path), (path, series)]
    if len(begun) <= 1:
        return begun[0] if begun else []
    return _choice.one_of(log, {run[0][0].name: run for run in begun}, "runs in one folder")


def _without_late(before: Sequence[tuple[Path, Read]], series: Read, path: Path, notes: list[str]) -> Read:
    """Without single values at steps that were evaluated before: of the model that was loaded after the training."""
    late = {
        t for t, s in series.items() if len(s.step) == 1 and any(t in old and s.step[0] in old[t].step for _, old in before)
    }
    if late:
        one = min(late)
        notes.append(f"{path.name} evaluates a step again ({one} {series[one].value[0]:g}): of a later evaluation, left out.")
    return {tag: s for tag, s in series.items() if tag not in late}


def _first(parts: Sequence[tuple[Path, Read]], tag: str) -> int:
    return min(int(s[tag].step[0]) for _, s in parts if tag in s)


def _cut(
    before: Sequence[tuple[Path, Read]], series: Read, shared: Sequence[str], notes: list[str], path: Path
) -> list[tuple[Path, Read]]:
    dropped = 0
    kept = []
    for old_path, old in before:
        left = dict(old)
        for tag in shared:
            if tag in old:
                behind = old[tag].step >= series[tag].step[0]
                if len(series[tag].step) > 1 and behind.any():
                    left[tag] = _some(old[tag], ~behind)
                    dropped += int(behind.sum())
        kept.append((old_path, left))
    if dropped:
        notes.append(f"{path.name} goes on from an earlier step: {dropped} values that it repeats were replaced by its own.")
    return kept


def _some(series: Series, which: Any) -> Series:
    return Series(series.step[which], series.value[which], series.wall[which], series.record[which])


def _kept(series: Read) -> Read:
    """Without what is no curve of the training, and without the same numbers by iteration where they are there by epoch."""
    by_epoch = {tag.removeprefix("epoch_") for tag in series if tag.startswith("epoch_")}
    out = {f"batch_{n}" for n in by_epoch} | {f"evaluation_{n}_vs_iterations" for n in by_epoch} | summary_names(series)
    return {t: s for t, s in series.items() if not LEFT_OUT.search(t) and t not in out and len(s.step)}


def _named(folder: str, tag: str, tags: set[str]) -> str:
    """The tag with what its folder adds: a split, or the name of a curve."""
    last = folder.rsplit("/", maxsplit=1)[-1]
    curve = _curve(last, tags)
    if curve is not None:
        return f"{tag}/{curve}"
    return f"{last}/{tag}" if last.lower() in SPLIT_OF and meaning(tag).split is None else tag


def _place(path: Path, log: Log) -> str:
    return path.relative_to(log.path).as_posix() if log.is_folder else path.name


def _note_neighbours(home: Path, notes: list[str]) -> None:
    beside = (
        sorted(p.name for p in home.iterdir() if p.suffix in (".csv", ".jsonl", ".log") and p.is_file())
        if home.is_dir()
        else []
    )
    if beside:
        notes.append(f"Beside the event files stands {', '.join(beside[:4])}, which was not read: name it to read it instead.")
