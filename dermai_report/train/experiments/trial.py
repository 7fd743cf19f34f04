"""One training of an experiment, in a worker: begun, gone on with, or found done."""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec

from dermai_report.datasets.in_use import reading
from dermai_report.errors import DermaiError
from dermai_report.run import Parent
from dermai_report.storage.experiment_files import Trial, run_of
from dermai_report.storage.run_files import read_manifest
from dermai_report.train import process
from dermai_report.train.config import TrainConfig


class Outcome(msgspec.Struct, frozen=True):
    """How a trial ended; `error` where it failed, `signal` where one stopped it."""

    trial: str
    status: str
    error: str | None = None
    signal: int | None = None


def carry_out(folder: Path, trial: Trial, command: str, parent: Parent | None, quiet: bool) -> Outcome:
    """Train it in its own folder; what is finished stays, what was interrupted goes on to the same end.

    A trial that cannot be trained (its loss is no number, say) is an outcome, not an error: the others go on. quiet: its
    lines go to log.txt in its folder, and one to stderr when it ends.
    """
    place = folder / trial.name
    run = run_of(folder, trial)
    if run is not None and read_manifest(run).status == "finished":
        return Outcome(trial.name, "finished")
    process.prepare()
    from dermai_report.train.loop import train
    from dermai_report.train.progress import Progress, to_file

    place.mkdir(parents=True, exist_ok=True)
    with to_file(place / "log.txt") if quiet else Progress() as progress:
        progress.say(f"{trial.name}: {'goes on' if run else 'begins'}")
        try:
            config = TrainConfig.from_mapping({**trial.config, "runs": str(place)})
            with reading(Path(config.data)):
                result = train(config, command, progress, run, parent)
        except DermaiError as error:
            progress.say(str(error))
            _tell(f"{trial.name}: failed: {error.message}")
            return Outcome(trial.name, "failed", str(error))
    if result.signal is not None:
        return Outcome(trial.name, "interrupted", signal=result.signal)
    tested = f", test accuracy {result.test.accuracy:.2%}" if result.test else ""
    _tell(f"{trial.name}: best epoch {result.history.best_epoch} of {result.history.epochs}{tested}")
    return Outcome(trial.name, "finished")


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
