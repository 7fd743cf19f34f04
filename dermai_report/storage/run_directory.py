"""The run directory on disk: how a training loop writes it, and how it reads back.

    with RunWriter("runs", name="resnet18", classes=classes, config=config) as run:
        for epoch in range(10):
            run.log_epoch(train={"loss": ..., "accuracy": ...}, val={"loss": ..., "accuracy": ...}, lr=1e-3)
        run.log_evaluation("test", labels=labels, probabilities=probabilities, samples=paths)

A run can be killed at any moment. Lines of epochs.jsonl are appended and flushed to disk; every other file is written
beside and renamed. While the writer lives it holds a lock on epochs.jsonl, so a reader can tell a running run from a dead one.
"""

from __future__ import annotations

import datetime
import math
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import msgspec

from dermai_report import environment
from dermai_report.errors import DermaiError, unknown_name
from dermai_report.files import reading_from, sha256, write_atomically, writing_to
from dermai_report.plain import text
from dermai_report.run import FORMAT, Checkpoint, Data, Parent, Status
from dermai_report.storage import prediction_files, val_epoch_files
from dermai_report.storage.epoch_line import as_number, epoch_line, epoch_number
from dermai_report.storage.epoch_log import EpochLog
from dermai_report.storage.run_files import (
    MANIFEST,
    TEST,
    Manifest,
    json_schemas,
    make_manifest,
    pretty,
    read_manifest,
)
from dermai_report.storage.run_places import Folder, begin, below, reopen
from dermai_report.storage.run_reading import read_run_directory

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from dermai_report.remote.mirror import Mirror

ENDED = ("finished", "failed", "interrupted", "unknown")
__all__ = ["MANIFEST", "RunWriter", "json_schemas", "read_manifest", "read_run_directory"]


class RunWriter:
    """Writes one run directory below `root`, a folder or an address such as s3://bucket/runs, from any training loop.

    classes: the class names, in the order of the model's outputs (numbers become text); config: what was chosen, such as
    vars(args) (see plain.py for what becomes of values that are not JSON's). Raises DermaiError when it cannot be written or a
    value does not fit; what does not fit here is found before the directory is made. parent: the run whose recommendations made
    this one.

    `path` is the directory, `address` where readers find the run: the same, or where the directory is mirrored to while the run
    goes on. A mirrored directory is removed when the run is finished and all of it is at its address.
    """

    def __init__(
        self,
        root: str | Path = "runs",
        *,
        name: str = "run",
        classes: Sequence[str] = (),
        config: Mapping[str, Any] | None = None,
        data: Data | None = None,
        environment_facts: Mapping[str, Any] | None = None,
        seed: int | None = None,
        parent: Parent | None = None,
    ) -> None:
        started = datetime.datetime.now(datetime.UTC)
        manifest = make_manifest(
            format=FORMAT,
            id="",
            name=name,
            status="running",
            started=_utc(started),
            classes=_class_names(classes),
            config=config or {},
            data=data or Data(),
            environment=environment.versions() if environment_facts is None else environment_facts,
            seed=seed,
            parent=parent,
            git=environment.git_state(),
        )
        self._place = begin(root, manifest.name, started)
        self.path = self._place.path
        self._manifest = msgspec.structs.replace(manifest, id=self.path.name)
        self._clock = time.perf_counter()
        self._log = EpochLog(self.path)
        self._write_manifest()
        self._open()

    @classmethod
    def resume(cls, path: str | Path | Folder | Mirror, *, epochs: int | None = None) -> RunWriter:
        """Re-open a run that ended early, at a path, an address, or a place that was reopened; its status is "running" again and
        its numbers go on.

        A torn last line of the log is cut off, and so are lines after the first `epochs`: the caller's checkpoint holds that
        many, and will give the others again. Raises DermaiError where there is no run, or it is still running.
        """
        writer = cls.__new__(cls)
        writer._place = reopen(path) if isinstance(path, str | Path) else path
        writer.path = writer._place.path
        try:
            writer._manifest = read_manifest(writer.path)
            writer._log = EpochLog.reopened(writer.path, epochs)
        except DermaiError:
            writer._place.abandoned()
            raise
        writer._clock = time.perf_counter()
        manifest = writer._manifest
        manifest.status, manifest.finished, manifest.error = "running", None, None
        manifest.notes = [*manifest.notes, f"Resumed after epoch {writer._log.last}."]
        writer._write_manifest()
        writer._open()
        return writer

    @property
    def address(self) -> str:
        """Where readers find the run."""
        return self._place.address

    @property
    def trouble(self) -> str | None:
        """What is not at the address yet because it could not be reached, and where it is; None when nothing is amiss."""
        return self._place.trouble

    def changed(self) -> None:
        """Tell that a file was written into the directory, if not by this class: it is mirrored soon."""
        self._place.changed()

    @property
    def classes(self) -> list[str]:
        """The class names, in the order of the model's outputs."""
        return self._manifest.classes

    @property
    def config(self) -> dict[str, Any]:
        """What was chosen, as it stands in run.json."""
        return self._manifest.config

    def log_epoch(
        self,
        *,
        train: Mapping[str, float] | None = None,
        val: Mapping[str, float] | None = None,
        lr: float | Sequence[float] | None = None,
        seconds: float | None = None,
        phase: str | None = None,
        epoch: int | None = None,
        val_samples: tuple[ArrayLike, ArrayLike, ArrayLike] | None = None,
        **extra: Any,
    ) -> None:
        """Append one epoch and flush it to disk.

        train, val: metrics by name, "loss" in mean nats a sample and "accuracy" a fraction; lr: one learning rate or one a
        parameter group; seconds: the time since the last call unless given; val_samples: per-sample (loss, predicted, label)
        of the validation set, each (n,). Further keywords are kept, lists and texts too.
        """
        if self._log.closed:
            raise DermaiError("the run is finished: no epoch can be logged", "log before finish(), within the with block")
        number = self._log.last + 1 if epoch is None else epoch_number(epoch)
        if number <= self._log.last:
            told = "was logged already" if number == self._log.last else f"comes after epoch {self._log.last}"
            raise DermaiError(f"epoch {number} {told}", "epochs are numbered from 1 and only grow")
        now = time.perf_counter()
        elapsed = round(now - self._clock, 3) if seconds is None else seconds
        line = epoch_line(number, train=train, val=val, lr=lr, seconds=elapsed, phase=phase, extra=extra)
        if val_samples is not None:
            val_epoch_files.write(self.path, number, *val_epoch_files.check(val_samples, len(self.classes)))
        self._log.append(number, line)
        self._clock = now
        self.changed()

    def log_evaluation(  # noqa: PLR0913  one evaluation, all by name
        self,
        split: str,
        *,
        labels: ArrayLike,
        probabilities: ArrayLike | None = None,
        predicted: ArrayLike | None = None,
        samples: Sequence[str] | None = None,
        groups: Sequence[str] | None = None,
        columns: Mapping[str, Sequence[object]] | None = None,
        loss: float | None = None,
        checkpoint: str | None = None,
        epoch: int | None = None,
    ) -> None:
        """Record predictions of "val" or "test", sample by sample; for "test", the evaluation with its confusion counts.

        labels: (n,) class indices; probabilities: (n, classes), rows adding up to 1; or predicted: (n,) class indices;
        samples: n identifiers (paths), groups: n identifiers of what belongs together (a patient); columns: what else is
        known of each sample, n values by name, such as {"skin_tone": […]}, for the scores of subgroups; loss: mean nats,
        worked out from the probabilities unless given and finite; checkpoint: the model evaluated, by its role ("best") or file;
        epoch: which it holds. Without both, these are taken for the weights of the last epoch that was logged, as those
        are what a plain loop has in hand.
        """
        if split not in ("val", "test"):
            raise unknown_name("split", split, ("val", "test"))
        saved, held = self._evaluated(checkpoint, epoch)
        outcome = prediction_files.check(self.classes, labels, probabilities, predicted, samples, groups, held, columns)
        given = as_number("loss", loss)
        if split == "test":  # before its predictions change: killed in between, they alone are read, and say the same
            with writing_to(self.path / TEST):
                (self.path / TEST).unlink(missing_ok=True)
        prediction_files.write(self.path, split, outcome, self.classes)
        self.changed()
        if split != "test":
            return
        evaluation = prediction_files.evaluate(
            outcome,
            n_classes=len(self.classes),
            loss=given if given is not None and math.isfinite(given) else None,
            checkpoint=saved.file if saved else checkpoint,
            epoch=held,
            sha256=saved.sha256 if saved else None,
        )
        write_atomically(self.path / TEST, pretty(evaluation))
        self.changed()

    def _evaluated(self, checkpoint: str | None, epoch: int | None) -> tuple[Checkpoint | None, int | None]:
        """The checkpoint that was evaluated, and the epoch it holds; None for what nothing tells."""
        number = None if epoch is None else epoch_number(epoch)
        if checkpoint is None:
            return None, number or self._log.last or None
        by_file = {c.file: c for c in self._manifest.checkpoints.values()}
        saved = self._manifest.checkpoints.get(checkpoint) or by_file.get(checkpoint)
        if saved is None:
            return None, number
        if None not in (number, saved.epoch) and number != saved.epoch:
            raise DermaiError(f"checkpoint {checkpoint!r} holds epoch {saved.epoch}, not {number}", "leave the epoch out")
        return saved, number or saved.epoch

    def log_checkpoint(self, role: str, file: str | Path, *, epoch: int, by: str | None = None) -> None:
        """Name a saved model: its role ("best", "last"), its file in the run, the epoch it holds and what chose it."""
        number = epoch_number(epoch)
        path = next((p for p in (self.path / file, Path(file)) if p.is_file()), None)
        if path is None:
            raise DermaiError(f"no checkpoint at {self.path / file}", "save the model first, below the run's directory")
        name = below(self.path, path)
        with reading_from(path):
            digest = sha256(path)
        saved = Checkpoint(file=name, epoch=number, by=by, sha256=digest)
        self.update(checkpoints={**self._manifest.checkpoints, role: saved})

    def update(self, **facts: Any) -> None:
        """Set fields of run.json that became known later (data, config, notes, ...)."""
        for name in facts:
            if name not in Manifest.__struct_fields__:
                raise unknown_name("field of run.json", name, Manifest.__struct_fields__)
        self._manifest = make_manifest(**{**msgspec.structs.asdict(self._manifest), **facts})
        self._write_manifest()
        self.changed()

    def finish(self, status: Status = "finished", error: str | None = None) -> None:
        """Close the run; a second call changes nothing. Raises DermaiError where it could not be mirrored whole, with where it is."""
        if status not in ENDED:
            raise unknown_name("status of a run that ended", status, ENDED)
        if self._log.closed:
            return
        try:
            self.update(status=status, error=error, finished=_utc(datetime.datetime.now(datetime.UTC)))
        finally:
            self._log.close()
            self._place.closed()

    def __enter__(self) -> RunWriter:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if error is None:
            self.finish()
            return
        stopped = isinstance(error, KeyboardInterrupt | SystemExit)
        try:
            self.finish(*(("interrupted",) if stopped else ("failed", f"{type(error).__name__}: {error}")))
        except DermaiError as another:  # the first is the one to tell, with this beside it
            error.add_note(str(another))

    def _open(self) -> None:
        try:
            self._place.opened()
        except DermaiError:
            self._log.close()
            raise

    def _write_manifest(self) -> None:
        write_atomically(self.path / MANIFEST, pretty(self._manifest))


def _class_names(classes: Any) -> list[str]:
    if isinstance(classes, str | bytes) or not hasattr(classes, "__iter__"):
        raise DermaiError(f"classes is {classes!r:.60}, not the names of the classes", 'pass them all: classes=["a", "b"]')
    return [text(name) for name in classes]


def _utc(moment: datetime.datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
