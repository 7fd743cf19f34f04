"""The JSON files of a run directory: their types, and what makes one wrong. The writer and the reader both go through here."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta

from dermai_report.errors import DermaiError
from dermai_report.plain import plain
from dermai_report.run import FORMAT, Checkpoint, Data, EpochLog, Evaluation, Parent, Status

T = TypeVar("T")
Number = float | str | None
MANIFEST, EPOCHS, TEST = "run.json", "epochs.jsonl", "test.json"
LATEST = "latest"  # beside the runs: points to the newest
EPOCH_KEYS = {"epoch", "train", "val", "lr", "seconds", "phase"}
LAST_EPOCH = 10_000_000  # no training has more; a larger number is some other count, such as a time stamp
MOST_SAMPLES = 10**12
ROUNDING = 1e-6  # a mean of float32 ones may come out this much above 1


class Manifest(msgspec.Struct, kw_only=True, omit_defaults=True):
    """run.json. `config` is the training configuration as the runner understood it; `git` has revision and dirty.

    temperature: what to divide the logits by, fitted on validation: those of the best checkpoint, or the logarithms of the mean
    where the final evaluation averages views or epochs. With temperature scaling the predictions have it in them.
    """

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
    parent: Parent | None = None
    git: dict[str, Any] = {}
    checkpoints: dict[str, Checkpoint] = {}
    temperature: float | None = None
    notes: list[str] = []


class EpochLine(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A line of epochs.jsonl; any further key is kept. Non-finite numbers stand as "NaN", "Infinity", "-Infinity"."""

    epoch: Annotated[int, Meta(ge=1, le=LAST_EPOCH)]
    train: dict[str, Number] = {}
    val: dict[str, Number] = {}
    lr: list[float | str] | None = None
    seconds: Number = None
    phase: str | None = None


def json_schemas() -> dict[str, dict[str, Any]]:
    """The JSON Schema of each JSON file of a run directory, by file name."""
    types = {MANIFEST: Manifest, EPOCHS: EpochLine, TEST: Evaluation}
    return {name: msgspec.json.schema(kind) for name, kind in types.items()}


def pretty(value: Any) -> bytes:
    """As JSON that a person can read, with a line end."""
    return msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n"


def read_json(path: Path, kind: type[T]) -> T:
    """The file as that type; raises DermaiError naming it."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise DermaiError(f"{path}: {error}", "mend or remove the file; its schema is in docs/run-format.md") from None
    except OSError as error:
        raise DermaiError(f"cannot read {path}: {error.strerror or error}") from None


def read_manifest(path: Path) -> Manifest:
    """run.json of the run directory `path`, alone."""
    file = path / MANIFEST
    manifest = read_json(file, Manifest)
    if manifest.format > FORMAT:
        raise DermaiError(f"{file} has format {manifest.format}; this version reads up to {FORMAT}", "upgrade dermai-report")
    try:
        check_manifest(manifest)
    except ValueError as error:
        raise DermaiError(f"{file}: {error}", "mend the file; its schema is in docs/run-format.md") from None
    return manifest


def no_run(place: object) -> DermaiError:
    """That there is no run to resume at a path or an address."""
    return DermaiError(f"{place} is no run directory", "give --resume one that dermai-train made")


def make_manifest(**facts: Any) -> Manifest:
    """run.json with these facts as plain values; raises DermaiError where it could not be read back."""
    try:
        manifest = msgspec.convert(plain(facts), Manifest)
        check_manifest(manifest)
    except ValueError as error:
        raise DermaiError(f"run.json cannot hold this: {error}", "its schema is in docs/run-format.md") from None
    return manifest


def check_manifest(manifest: Manifest) -> None:
    """Raise ValueError where its types are right and what it says cannot be."""
    repeated = sorted({c for c in manifest.classes if manifest.classes.count(c) > 1})
    if repeated:
        raise ValueError(f"class names repeat: {', '.join(repeated)}")
    for kind, table in (("counts", manifest.data.counts), ("excluded", manifest.data.excluded)):
        for split, counts in table.items():
            for name, n in counts.items():
                if not 0 <= n <= MOST_SAMPLES:
                    raise ValueError(f"data.{kind} has {n} images of {name} in {split}")


def parse_epoch(line: bytes, at: str | None = None) -> EpochLog:
    """A line of epochs.jsonl; raises ValueError that says what is wrong with it (JSONDecodeError where it is cut short)."""
    try:
        values = json.loads(line)
    except RecursionError:
        raise ValueError("JSON nested too deeply") from None
    if b"\\ud" in line.lower():  # half a surrogate pair is no text: no report could be written with it
        json.dumps(values, ensure_ascii=False).encode()
    entry = msgspec.convert(values, EpochLine)
    return EpochLog(
        epoch=entry.epoch,
        train=dict(_numbers(entry.train)),
        val=dict(_numbers(entry.val)),
        lr=tuple(float(rate) for rate in entry.lr or ()),
        seconds=None if entry.seconds is None else float(entry.seconds),
        phase=entry.phase,
        extra={k: v for k, v in values.items() if k not in EPOCH_KEYS},
        at=at,
    )


def _numbers(metrics: Mapping[str, Number]) -> Iterator[tuple[str, float]]:
    """Numbers as numbers: "NaN" and "Infinity" back to floats, null left out."""
    for name, value in metrics.items():
        if value is not None:
            yield name, float(value)


def accuracies(epoch: EpochLog) -> Iterator[tuple[str, float]]:
    """What must be a fraction, with the words for it, where it is a finite number."""
    for split, metrics in (("train", epoch.train), ("val", epoch.val)):
        for name in ("accuracy", "eval_accuracy"):
            if name in metrics and math.isfinite(metrics[name]):
                yield f"{split} {name}", metrics[name]


def is_fraction(value: float) -> bool:
    """Whether it lies in [0, 1], but for rounding."""
    return -ROUNDING <= value <= 1 + ROUNDING


def refuse_percent(epochs: Iterable[EpochLog], file: Path) -> None:
    """Raise DermaiError where the accuracies are all percentages; where only some lie outside, a rule reports them."""
    found = [(e, what, value) for e in epochs for what, value in accuracies(e)]
    above = next(((e, what, value) for e, what, value in found if value > 1 + ROUNDING), None)
    if above and all(-ROUNDING <= value <= 100 + ROUNDING for _, _, value in found):
        epoch, what, value = above
        line = (epoch.at or "").rpartition(":")[2]
        raise DermaiError(
            f"{file}, line {line}: {what} is {value:g}, which looks like percent; accuracies are fractions between 0 and 1",
            f"divide the accuracies of the log by 100: {value / 100:g} for {value:g} percent",
        )


def check_evaluation(test: Evaluation, classes: Sequence[str]) -> None:
    """Raise ValueError where the counts of an evaluation contradict each other."""
    n, accuracy, confusion = test.n, test.accuracy, test.confusion
    if n is not None and not 0 < n <= MOST_SAMPLES:
        raise ValueError(f"n is {n}")
    if test.epoch is not None and not 1 <= test.epoch <= LAST_EPOCH:
        raise ValueError(f"epoch is {test.epoch}; epochs count from 1")
    if accuracy is not None and not is_fraction(accuracy):
        percent = f" (percent? write {accuracy / 100:g})" if 1 < accuracy <= 100 else ""
        raise ValueError(f"accuracy {accuracy:g} is not a fraction between 0 and 1{percent}")
    if confusion is None:
        return
    if len(confusion) != len(classes) or {len(row) for row in confusion} != {len(classes)}:
        raise ValueError(f"the confusion matrix is not {len(classes)} x {len(classes)}, one row a class")
    if any(not 0 <= count <= MOST_SAMPLES for row in confusion for count in row):
        raise ValueError("the confusion matrix has a count below 0, or one that no test set reaches")
    total, right = sum(map(sum, confusion)), sum(row[i] for i, row in enumerate(confusion))
    if n is not None and n != total:
        raise ValueError(f"n is {n}, but the confusion matrix counts {total} samples")
    if accuracy is not None and total and abs(accuracy - right / total) > ROUNDING:
        raise ValueError(f"accuracy is {accuracy:g}, but the confusion matrix says {right} of {total}, {right / total:.6f}")
