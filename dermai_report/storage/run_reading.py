"""Reading a run directory back, whole or killed at any moment: what stands in it, and where what is missing can be known."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec

from dermai_report.errors import DermaiError
from dermai_report.files import reading_from, sha256
from dermai_report.locks import is_held
from dermai_report.remote.lease import is_leased
from dermai_report.run import Checkpoint, EpochLog, Evaluation, Predictions, Run
from dermai_report.storage import prediction_files, val_epoch_files
from dermai_report.storage.audit_files import AUDIT, read_audit
from dermai_report.storage.run_files import (
    EPOCHS,
    MANIFEST,
    TEST,
    Manifest,
    check_evaluation,
    parse_epoch,
    read_json,
    read_manifest,
    refuse_percent,
)

ROUNDED = 0.005  # an accuracy written by hand may have two decimals


def read_run_directory(path: Path) -> Run:
    """Read a run directory, up to the last whole line of its log. Raises DermaiError naming file and line."""
    with reading_from(path):
        return _read(path)


def _read(path: Path) -> Run:
    manifest = read_manifest(path)
    notes = list(manifest.notes)
    epochs = read_epochs(path / EPOCHS, notes)
    status = manifest.status
    if status == "running" and not is_held(path / EPOCHS) and not is_leased(path):
        status = "interrupted"
        notes.append(
            f"run.json says the run is running, but no process holds its log any more: it was killed after "
            f"{f'epoch {epochs[-1].epoch}' if epochs else 'no whole epoch'}."
        )
    predictions = _read_predictions(path, manifest.classes)
    test = _read_test(path, manifest, predictions.get("test"), notes)
    if test is not None and "test" in predictions and predictions["test"].epoch is None:
        predictions["test"] = replace(predictions["test"], epoch=test.epoch)
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
        parent=manifest.parent,
        git=manifest.git,
        started=manifest.started,
        finished=manifest.finished,
        error=manifest.error,
        checkpoints=manifest.checkpoints,
        test=test,
        test_at=_places(path, test, "test" in predictions) if test is not None else {},
        predictions=predictions,
        val_epochs=val_epoch_files.read(path, len(manifest.classes), {e.epoch for e in epochs}, notes),
        audit=read_audit(path / AUDIT) if (path / AUDIT).is_file() else None,
        files={f: sha256(path / f) for f in _report_inputs(path)},
        notes=tuple(notes),
    )


def _report_inputs(path: Path) -> list[str]:
    """The files a report is made of; models are named by their own digest in run.json."""
    tables = sorted((path / prediction_files.FOLDER).rglob("*.parquet"))
    return [f for f in (MANIFEST, EPOCHS, TEST, AUDIT) if (path / f).is_file()] + [
        t.relative_to(path).as_posix() for t in tables
    ]


def read_epochs(file: Path, notes: list[str]) -> list[EpochLog]:
    """The epochs of a log; a torn last line is left out with a note, any other broken line is an error."""
    if not file.is_file():
        notes.append(f"There is no {file.name}: no epoch was logged.")
        return []
    epochs: dict[int, EpochLog] = {}
    *whole, tail = file.read_bytes().split(b"\n")
    for number, line in enumerate([*whole, tail], start=1):
        if not line.strip():
            continue
        try:
            epoch = parse_epoch(line, f"{file.name}:{number}")
        except (json.JSONDecodeError, UnicodeDecodeError) as error:
            if number <= len(whole):
                raise _broken(file, number, error) from None
            notes.append(f"The last line of {file.name} is incomplete (the run was killed while writing it) and was left out.")
            continue
        except ValueError as error:
            raise _broken(file, number, error) from None
        if epoch.epoch in epochs:
            notes.append(f"Epoch {epoch.epoch} stands more than once in {file.name}; the last one (line {number}) counts.")
        epochs[epoch.epoch] = epoch
    logged = [epochs[k] for k in sorted(epochs)]
    refuse_percent(logged, file)
    return logged


def _broken(file: Path, number: int, error: ValueError) -> DermaiError:
    return DermaiError(f"{file}, line {number}: {error}", "mend or remove that line; each holds one epoch as JSON")


def _read_predictions(path: Path, classes: list[str]) -> dict[str, Predictions]:
    return {
        split: prediction_files.read(path, split, classes)
        for split in ("val", "test")
        if prediction_files.file_of(path, split).is_file()
    }


def _read_test(path: Path, manifest: Manifest, outcome: Predictions | None, notes: list[str]) -> Evaluation | None:
    """test.json, and what it lacks from the predictions and the checkpoint it names."""
    file, test = path / TEST, Evaluation()
    if file.is_file():
        test = read_json(file, Evaluation)
    elif outcome is None:
        return None
    else:
        notes.append(f"There is no {TEST}: the test evaluation was worked out from predictions/test.parquet.")
    try:
        check_evaluation(test, manifest.classes)
        if outcome is not None:
            test = _completed(test, outcome, len(manifest.classes))
    except ValueError as error:
        raise DermaiError(f"{file}: {error}", "mend the file, or remove it and log the evaluation again") from None
    epoch = test.epoch or _epoch_of(test, manifest.checkpoints) or (outcome.epoch if outcome else None)
    return msgspec.structs.replace(test, epoch=epoch)


def _places(path: Path, test: Evaluation, counted: bool) -> dict[str, str]:
    """Where each number of the evaluation stands: the line of its key in test.json, else the predictions it was counted from."""
    text = (path / TEST).read_bytes() if (path / TEST).is_file() else b""
    predictions = prediction_files.file_of(Path(), "test").as_posix()
    found = {"probabilities": predictions} if counted else {}
    for name in ("n", "loss", "accuracy", "confusion"):
        start = text.find(f'"{name}"'.encode())
        if start >= 0:
            line = text.count(b"\n", 0, start) + 1
            found[name] = f"{TEST}:{line}"
        elif getattr(test, name) is not None:
            found[name] = predictions
    return found


def _completed(test: Evaluation, outcome: Predictions, n_classes: int) -> Evaluation:
    """The evaluation with its counts from the predictions; raises ValueError where they are those of other predictions."""
    counted = prediction_files.evaluate(outcome, n_classes=n_classes, loss=test.loss)
    given: dict[str, Any] = {f: getattr(test, f) for f in ("n", "confusion", "accuracy")}
    for field in ("n", "confusion"):
        if given[field] not in (None, getattr(counted, field)):
            raise ValueError(f"{field} is not that of predictions/test.parquet, which has {len(outcome)} rows")
    if None not in (test.accuracy, counted.accuracy) and abs(test.accuracy - counted.accuracy) > ROUNDED:  # type: ignore[operator]
        raise ValueError(f"accuracy is {test.accuracy:g}, but predictions/test.parquet says {counted.accuracy:g}")
    return msgspec.structs.replace(test, n=counted.n, confusion=counted.confusion, accuracy=counted.accuracy, loss=counted.loss)


def _epoch_of(test: Evaluation, checkpoints: Mapping[str, Checkpoint]) -> int | None:
    """The epoch of the checkpoint that was evaluated, by its role or its file; None where the file has changed since."""
    for role, saved in checkpoints.items():
        same = test.sha256 is None or saved.sha256 in (None, test.sha256)
        if test.checkpoint in (role, saved.file) and same:
            return saved.epoch
    return None
