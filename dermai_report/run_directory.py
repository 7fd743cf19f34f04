"""The run directory on disk: how a training loop writes it, and how it reads back.

    with RunWriter("runs", name="resnet18", classes=classes, config=config) as run:
        for epoch in range(10):
            run.log_epoch(train={"loss": ..., "accuracy": ...}, val={"loss": ..., "accuracy": ...}, lr=1e-3)
        run.log_evaluation("test", labels=labels, probabilities=probabilities, samples=paths)

A run can be killed at any moment. Lines of epochs.jsonl are appended and flushed to disk; every other file is written
beside and renamed. While the writer lives it holds a lock on epochs.jsonl, so a reader can tell a running run from a dead one.
"""

from __future__ import annotations

import contextlib
import datetime
import hashlib
import json
import math
import os
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, TYPE_CHECKING, Any, TypeVar

import msgspec

from dermai_report import environment, prediction_files
from dermai_report.errors import DermaiError, unknown_name
from dermai_report.files import point_to, sha256, write_atomically, writing_to
from dermai_report.run import FORMAT, Checkpoint, Data, EpochLog, Evaluation, Predictions, Run, Status

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

T = TypeVar("T")
MANIFEST, EPOCHS, TEST = "run.json", "epochs.jsonl", "test.json"
EPOCH_KEYS = {"epoch", "train", "val", "lr", "seconds", "phase"}
MODEL_FILES = {"best": "dermai_model.pth", "last": "dermai_model.pt"}


class Manifest(msgspec.Struct, kw_only=True, omit_defaults=True):
    """run.json. `config` is the training configuration as the runner understood it; `git` has revision and dirty."""

    format: int
    id: str
    name: str
    status: Status
    started: str | None = None
    finished: str | None = None
    error: str | None = None
    classes: list[str] = []
    config: dict[str, Any] = {}
    data: Data = msgspec.field(default_factory=Data)
    environment: dict[str, Any] = {}
    seed: int | None = None
    git: dict[str, Any] = {}
    checkpoints: dict[str, Checkpoint] = {}
    notes: list[str] = []


class EpochLine(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A line of epochs.jsonl; any further key is kept. Non-finite numbers stand as "NaN", "Infinity", "-Infinity"."""

    epoch: int
    train: dict[str, float | str | None] = {}
    val: dict[str, float | str | None] = {}
    lr: list[float] | None = None
    seconds: float | None = None
    phase: str | None = None


def json_schemas() -> dict[str, dict[str, Any]]:
    """The JSON Schema of each JSON file of a run directory, by file name."""
    types = {MANIFEST: Manifest, EPOCHS: EpochLine, TEST: Evaluation}
    return {name: msgspec.json.schema(kind) for name, kind in types.items()}


# ---- writing -------------------------------------------------------------------------------------------------------------


class RunWriter:
    """Writes one run directory below `root`, from any training loop.

    classes: the class names, in the order of the model's outputs; config: what was chosen (any JSON values).
    `path` is the directory. Raises DermaiError when it cannot be written or a value does not fit.
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
    ) -> None:
        if len(set(classes)) != len(classes):
            raise DermaiError(f"class names repeat: {sorted({c for c in classes if list(classes).count(c) > 1})}")
        started = datetime.datetime.now(datetime.UTC)
        self.path = _new_directory(Path(root), name, started)
        self._manifest = Manifest(
            format=FORMAT,
            id=self.path.name,
            name=name,
            status="running",
            started=_utc(started),
            classes=list(classes),
            config=dict(config or {}),
            data=data or Data(),
            environment=dict(environment_facts) if environment_facts is not None else environment.versions(),
            seed=seed,
            git=environment.git_state(),
        )
        self._epoch = 0
        self._clock = time.perf_counter()
        with writing_to(self.path / EPOCHS):
            self._log: IO[bytes] = (self.path / EPOCHS).open("ab")
        _hold(self._log)
        self._write_manifest()
        point_to(Path(root) / "latest", self.path.name)

    @property
    def classes(self) -> list[str]:
        """The class names, in the order of the model's outputs."""
        return self._manifest.classes

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
        of the validation set, each (n,). Further keywords are kept as they are.
        """
        for split, metrics in (("train", train), ("val", val)):
            _check_accuracy(split, metrics or {})
        number = self._epoch + 1 if epoch is None else epoch
        if number <= self._epoch:
            raise DermaiError(f"epoch {number} was logged already", "epochs are numbered from 1 and only grow")
        now = time.perf_counter()
        line = {
            "epoch": number,
            "train": dict(train or {}),
            "val": dict(val or {}),
            "lr": _rates(lr),
            "seconds": round(now - self._clock if seconds is None else seconds, 3),
            "phase": phase,
            **extra,
        }
        if val_samples is not None:
            prediction_files.write_epoch(self.path, number, *val_samples)
        text = json.dumps({k: _to_json(v) for k, v in line.items() if v not in (None, {})}, allow_nan=False)
        with writing_to(self.path / EPOCHS):
            self._log.write(text.encode() + b"\n")
            self._log.flush()
            os.fsync(self._log.fileno())
        self._epoch, self._clock = number, now

    def log_evaluation(  # noqa: PLR0913  one evaluation, all by name
        self,
        split: str,
        *,
        labels: ArrayLike,
        probabilities: ArrayLike | None = None,
        predicted: ArrayLike | None = None,
        samples: Sequence[str] | None = None,
        groups: Sequence[str] | None = None,
        loss: float | None = None,
        checkpoint: str | None = None,
        epoch: int | None = None,
    ) -> None:
        """Record predictions of "val" or "test", sample by sample; for "test", the evaluation with its confusion counts.

        labels: (n,) class indices; probabilities: (n, classes), rows adding up to 1; or predicted: (n,) class indices;
        samples: n identifiers (paths), groups: n identifiers of what belongs together (a patient); loss: mean nats, worked
        out from the probabilities unless given; checkpoint: the role of the model evaluated ("best"); epoch: which it holds.
        """
        if split not in ("val", "test"):
            raise unknown_name("split", split, ("val", "test"))
        outcome = prediction_files.check(self.classes, labels, probabilities, predicted, samples, groups)
        prediction_files.write(self.path, split, outcome, self.classes)
        if split != "test":
            return
        saved = self._manifest.checkpoints.get(checkpoint or "")
        evaluation = prediction_files.evaluate(
            outcome,
            n_classes=len(self.classes),
            loss=loss,
            checkpoint=saved.file if saved else checkpoint,
            epoch=epoch if epoch is not None else (saved.epoch if saved else None),
            sha256=saved.sha256 if saved else None,
        )
        write_atomically(self.path / TEST, _pretty(evaluation))

    def log_checkpoint(self, role: str, file: str | Path, *, epoch: int, by: str | None = None) -> None:
        """Name a saved model: its role ("best", "last"), its file in the run, the epoch it holds and what chose it."""
        path = self.path / file
        if not path.is_file():
            raise DermaiError(f"no checkpoint at {path}", "save the model first, below the run's directory")
        name = path.relative_to(self.path).as_posix()
        self._manifest.checkpoints[role] = Checkpoint(file=name, epoch=epoch, by=by, sha256=sha256(path))
        self._write_manifest()

    def update(self, **facts: Any) -> None:
        """Set fields of run.json that became known later (data, config, notes, ...)."""
        for name, value in facts.items():
            if name not in Manifest.__struct_fields__:
                raise unknown_name("field of run.json", name, Manifest.__struct_fields__)
            setattr(self._manifest, name, value)
        self._write_manifest()

    def finish(self, status: Status = "finished", error: str | None = None) -> None:
        """Close the run; a second call changes nothing."""
        if self._log.closed:
            return
        self._manifest.status, self._manifest.error = status, error
        self._manifest.finished = _utc(datetime.datetime.now(datetime.UTC))
        self._write_manifest()
        self._log.close()

    def __enter__(self) -> RunWriter:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if error is None:
            self.finish()
        elif isinstance(error, KeyboardInterrupt | SystemExit):
            self.finish("interrupted")
        else:
            self.finish("failed", error=f"{type(error).__name__}: {error}")

    def _write_manifest(self) -> None:
        write_atomically(self.path / MANIFEST, _pretty(self._manifest))


def _new_directory(root: Path, name: str, started: datetime.datetime) -> Path:
    """A directory of its own below root: <utc-time>_<name>_<short-hash>."""
    safe = re.sub(r"[^\w.-]+", "-", name).strip("-.")[:60] or "run"
    with writing_to(root):
        root.mkdir(parents=True, exist_ok=True)
        while True:
            short = hashlib.sha256(os.urandom(16)).hexdigest()[:6]
            path = root / f"{started:%Y%m%dT%H%M%SZ}_{safe}_{short}"
            with contextlib.suppress(FileExistsError):
                path.mkdir()
                return path


def _check_accuracy(split: str, metrics: Mapping[str, float]) -> None:
    accuracy = metrics.get("accuracy")
    if accuracy is not None and math.isfinite(accuracy) and not 0 <= accuracy <= 1:
        raise DermaiError(f"{split} accuracy {accuracy:g} is not a fraction between 0 and 1", "log 0.8243 for 82.43 percent")


def _rates(lr: float | Sequence[float] | None) -> list[float] | None:
    if lr is None:
        return None
    return [float(x) for x in lr] if isinstance(lr, Sequence) else [float(lr)]


def _to_json(value: Any) -> Any:
    """JSON has no NaN: such numbers become their names; numpy and torch scalars become plain ones."""
    if isinstance(value, Mapping):
        return {str(k): _to_json(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_to_json(v) for v in value]
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")
    return value


def _pretty(value: Any) -> bytes:
    return msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n"


def _utc(moment: datetime.datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _hold(file: IO[bytes]) -> None:
    """Lock the log for the life of the process; the kernel lets go even after kill -9. Windows has no flock: no lock."""
    with contextlib.suppress(ImportError, OSError):
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


# ---- reading -------------------------------------------------------------------------------------------------------------


def read_run_directory(path: Path) -> Run:
    """Read a run directory, up to the last whole line of its log. Raises DermaiError naming file and line."""
    manifest = _read_json(path / MANIFEST, Manifest)
    if manifest.format > FORMAT:
        raise DermaiError(
            f"{path / MANIFEST} has format {manifest.format}; this version reads up to {FORMAT}", "upgrade dermai-report"
        )
    notes = list(manifest.notes)
    epochs = _read_epochs(path / EPOCHS, notes)
    status = manifest.status
    if status == "running" and not _is_held(path / EPOCHS):
        status = "interrupted"
        notes.append(
            f"run.json says the run is running, but no process holds its log any more: it was killed after "
            f"{f'epoch {epochs[-1].epoch}' if epochs else 'no whole epoch'}."
        )
    predictions = _read_predictions(path, manifest.classes)
    return Run(
        id=manifest.id,
        name=manifest.name,
        source="run_directory",
        path=str(path),
        status=status,
        epochs=tuple(epochs),
        classes=tuple(manifest.classes),
        config=manifest.config,
        data=manifest.data,
        environment=manifest.environment,
        seed=manifest.seed,
        git=manifest.git,
        started=manifest.started,
        finished=manifest.finished,
        error=manifest.error,
        checkpoints=manifest.checkpoints,
        test=_read_test(path / TEST, len(manifest.classes)),
        predictions=predictions,
        val_epochs=prediction_files.read_epochs(path),
        files={f: sha256(path / f) for f in _report_inputs(path)},
        notes=tuple(notes),
    )


def _report_inputs(path: Path) -> list[str]:
    """The files a report is made of; models are named by their own digest in run.json."""
    tables = sorted((path / "predictions").glob("*.parquet"))
    return [f for f in (MANIFEST, EPOCHS, TEST) if (path / f).is_file()] + [f"predictions/{t.name}" for t in tables]


def _read_json(path: Path, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise DermaiError(f"{path}: {error}", "mend or remove the file; its schema is in docs/run-format.md") from None
    except OSError as error:
        raise DermaiError(f"cannot read {path}: {error.strerror}") from None


def _read_test(path: Path, n_classes: int) -> Evaluation | None:
    if not path.is_file():
        return None
    test = _read_json(path, Evaluation)
    if test.confusion is not None:
        rows = {len(row) for row in test.confusion}
        if len(test.confusion) != n_classes or rows != {n_classes}:
            raise DermaiError(f"{path}: the confusion matrix is not {n_classes} x {n_classes}, one row a class")
    return test


def _read_predictions(path: Path, classes: Sequence[str]) -> dict[str, Predictions]:
    return {
        split: prediction_files.read(path, split, classes)
        for split in ("val", "test")
        if prediction_files.file_of(path, split).is_file()
    }


def _read_epochs(path: Path, notes: list[str]) -> list[EpochLog]:
    """The epochs of the log; a torn last line is left out with a note, any other broken line is an error."""
    if not path.is_file():
        notes.append(f"There is no {path.name}: no epoch was logged.")
        return []
    whole, _, torn = path.read_bytes().rpartition(b"\n")
    if torn.strip():
        notes.append(f"The last line of {path.name} is incomplete (the run was killed while writing it) and was left out.")
    epochs: dict[int, EpochLog] = {}
    for number, line in enumerate(whole.split(b"\n"), start=1):
        if not line.strip():
            continue
        epoch = _parse_epoch(line, path, number)
        if epoch.epoch in epochs:
            notes.append(f"Epoch {epoch.epoch} stands more than once in {path.name}; the last one (line {number}) counts.")
        epochs[epoch.epoch] = epoch
    return [epochs[k] for k in sorted(epochs)]


def _parse_epoch(line: bytes, path: Path, number: int) -> EpochLog:
    try:
        values = json.loads(line)
        entry = msgspec.convert(values, EpochLine)
        return EpochLog(
            epoch=entry.epoch,
            train=dict(_finite_names(entry.train)),
            val=dict(_finite_names(entry.val)),
            lr=tuple(entry.lr or ()),
            seconds=entry.seconds,
            phase=entry.phase,
            extra={k: v for k, v in values.items() if k not in EPOCH_KEYS},
            at=f"{path.name}:{number}",
        )
    except (ValueError, msgspec.ValidationError) as error:
        raise DermaiError(f"{path}, line {number}: {error}", "mend or remove that line; each holds one epoch as JSON") from None


def _finite_names(metrics: Mapping[str, float | str | None]) -> Iterator[tuple[str, float]]:
    """Numbers as numbers: "NaN" and "Infinity" back to floats, null left out."""
    for name, value in metrics.items():
        if value is not None:
            yield name, float(value)


def _is_held(path: Path) -> bool:
    """Whether a living process holds the log. Where locks are not offered the word of run.json stands."""
    try:
        import fcntl
    except ImportError:
        return True
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return not path.exists()
    return False
