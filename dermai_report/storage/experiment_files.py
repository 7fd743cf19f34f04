"""experiment.json: several runs that belong together (folds, seeds, trials of recommendations), and how each ended.

The file says what was planned and is written once; how far a trial came stands in its own run directory, so runs may be
written by any number of processes and machines without a common file.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import msgspec

from dermai_report.errors import DermaiError
from dermai_report.files import may_be_read, reading_from, write_atomically
from dermai_report.run import Parent, Status
from dermai_report.storage.run_files import MANIFEST, read_json, read_manifest

# History of experiment.json:
#   1  the first
#   2  kind "search": `search` of an experiment, `values` of a trial
FORMAT = 2
EXPERIMENT = "experiment.json"
Kind = Literal["cv", "try", "search"]


class Workers(msgspec.Struct, frozen=True, kw_only=True):
    """Where the trials run: how many at a time, on which backend, with how many threads each."""

    jobs: int = 1
    backend: str = "loky"
    address: str | None = None
    threads: int = 1


class Space(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The continuous values of a key that a search tries, on a logarithmic scale or a plain one; beyond: the ends that the key itself
    goes beyond."""

    low: float
    high: float
    log: bool = False
    beyond: tuple[Literal["low", "high"], ...] = ()


class Search(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is searched: the space of each key, how many trials, and how many are chosen at a time.

    winner: the name of the trial, or "baseline", that had the lowest validation loss; None while the search goes on.
    """

    over: dict[str, Space]
    trials: int
    batch: int
    winner: str | None = None


class Trial(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One planned run: the folder it goes into, its whole configuration, and in what it differs from the others.

    fold: from 1, in a cross-validation; actions: the recommendations taken over, none for the baseline; values: those that a
    search tries.
    """

    name: str
    config: dict[str, Any]
    seed: int
    fold: int | None = None
    actions: list[str] = []
    stage: int = 1
    values: dict[str, float] = {}


class Experiment(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was planned.

    config: what all trials share; parent: the run whose report the actions come from; patches: of each action.

    seeds: those whose trials are compared; of a search, the fresh ones that took no part in it.
    """

    format: int
    id: str
    name: str
    kind: Kind
    started: str
    command: str
    trials: list[Trial]
    config: dict[str, Any] = {}
    parent: Parent | None = None
    folds: int | None = None
    seeds: list[int] = []
    patches: dict[str, dict[str, Any]] = {}
    workers: Workers = Workers()
    search: Search | None = None


def write_experiment(folder: Path, experiment: Experiment) -> None:
    """Write or replace experiment.json."""
    write_atomically(folder / EXPERIMENT, msgspec.json.format(msgspec.json.encode(experiment), indent=2) + b"\n")


def read_experiment(path: Path) -> Experiment:
    """The experiment in a folder. Raises DermaiError naming the file."""
    experiment = read_json(path / EXPERIMENT, Experiment)
    if experiment.format > FORMAT:
        raise DermaiError(
            f"{path / EXPERIMENT} has format {experiment.format}; this version reads up to {FORMAT}", "upgrade dermai-report"
        )
    return experiment


def is_experiment(path: Path) -> bool:
    """Whether a folder holds an experiment. Raises DermaiError where it may not be looked into."""
    with reading_from(path):
        return (path / EXPERIMENT).is_file()


def experiments_in(folder: Path) -> list[Path]:
    """The experiments that lie side by side in a folder, by name; links such as `latest` are left out."""
    with reading_from(folder):
        if not folder.is_dir():
            return []
        inside = (path for path in folder.iterdir() if path.is_dir() and not path.is_symlink() and path.name[0] != ".")
        return sorted(path for path in inside if may_be_read(path) and (path / EXPERIMENT).is_file())


def run_of(folder: Path, trial: Trial) -> Path | None:
    """The run directory of a trial: the newest below its folder; None where it has not begun."""
    runs = sorted(p.parent for p in (folder / trial.name).glob(f"*/{MANIFEST}") if p.parent.name != "latest")
    return runs[-1] if runs else None


def status_of(folder: Path, trial: Trial) -> Status | Literal["waiting"]:
    """How far a trial came, by what its run directory says."""
    run = run_of(folder, trial)
    return read_manifest(run).status if run else "waiting"
