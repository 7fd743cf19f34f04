"""What a model made of a split, beside a log that does not hold it: predictions, a confusion matrix, a classification report.

One format a file, recognised by its content as the logs are: `recognises(log)` says how sure it is, `read(log, classes)` returns
an `Outcome`. `add_results` gives it to a Run, so that a run of any tool has its test section.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec

from dermai_report import registry
from dermai_report.errors import DermaiError
from dermai_report.files import reading_from, sha256
from dermai_report.plain import text
from dermai_report.run import Evaluation, Predictions, Run
from dermai_report.sources import _remote
from dermai_report.sources._log import NO, Log
from dermai_report.storage.run_files import check_evaluation

SPLITS = ("test", "val")
DIFFERENT = 0.005  # accuracies that differ by more are not roundings of one


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """classes: as the indices of the others count them; counts: images of each class, where only they are known."""

    classes: tuple[str, ...]
    evaluation: Evaluation
    predictions: Predictions | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def add_results(run: Run, path: str | Path, split: str = "test", columns: Mapping[str, str] | None = None) -> Run:
    """The run with what the file at `path`, or at an address such as s3://bucket/p.csv, says of a split ("test" or "val").

    columns: the column to take for label, predicted, sample or group, where the names do not tell.
    Raises DermaiError where the file is none of the known formats, or its classes are not those of the run.
    """
    if split not in SPLITS:
        raise DermaiError(f"no split {split!r} for predictions", f"one of {', '.join(SPLITS)}, such as test={path}")
    with reading_from(Path(path)):
        if _remote.is_remote(path):
            with _remote.fetched(path, ()) as place:
                return _read(run, place, split, columns)
        return _read(run, Path(path), split, columns)


def _read(run: Run, place: Path, split: str, columns: Mapping[str, str] | None) -> Run:
    if not place.is_file():
        raise DermaiError(f"there is no file at {place}", "name a file of predictions, or of a confusion matrix")
    log = Log(place, columns=columns)
    sure = {name: (module.recognises(log), module) for name, module in registry.load_all("results")}
    most = max(value for value, _ in sure.values())
    found = [(name, module) for name, (value, module) in sure.items() if value == most and value > NO]
    if len(found) != 1:
        raise DermaiError(
            f"{place} holds neither predictions nor a confusion matrix",
            "a table with a label and a predicted class (or a probability a class) for each image; "
            f"known formats: {', '.join(sure)}",
        )
    outcome: Outcome = found[0][1].read(log, run.classes)
    return _added(run, outcome, place, split, log.notes)


def _added(run: Run, outcome: Outcome, place: Path, split: str, notes: list[str]) -> Run:
    if run.classes and tuple(run.classes) != outcome.classes:
        raise DermaiError(
            f"{place} has the classes {', '.join(outcome.classes[:6])}, and the run {', '.join(run.classes[:6])}",
            "predictions of the same model name the same classes",
        )
    try:
        check_evaluation(outcome.evaluation, outcome.classes)
    except ValueError as error:
        raise DermaiError(f"{place}: {error}", "mend the file") from None
    name = text(place.name)
    told = [*notes, *outcome.notes, f"The {'test' if split == 'test' else 'validation'} outcomes are those of {name}."]
    known = run.test.accuracy if split == "test" and run.test else None
    if None not in (known, outcome.evaluation.accuracy) and abs(known - outcome.evaluation.accuracy) > DIFFERENT:  # type: ignore[operator]
        told.append(
            f"The log has a test accuracy of {known:.4f}, {name} one of {outcome.evaluation.accuracy:.4f}: they differ."
        )
    predictions = dict(run.predictions)
    predictions.pop(split, None)
    if outcome.predictions is not None:
        predictions[split] = outcome.predictions
    counts = {k: dict(v) for k, v in run.data.counts.items()}
    if outcome.counts:
        counts[split] = dict(outcome.counts)
    changed = replace(
        run,
        classes=outcome.classes,
        predictions=predictions,
        data=msgspec.structs.replace(run.data, counts=counts),
        files={**run.files, name: sha256(place)},
    )
    if split == "test":
        evaluation = outcome.evaluation
        if evaluation.loss is None and run.test is not None:
            evaluation = msgspec.structs.replace(evaluation, loss=run.test.loss)
        given = [k for k in ("n", "loss", "accuracy", "confusion") if getattr(outcome.evaluation, k) is not None]
        places = {**run.test_at, **dict.fromkeys(given, name)}
        if outcome.predictions is not None and outcome.predictions.probabilities is not None:
            places["probabilities"] = name
        changed = replace(changed, test=evaluation, test_at=places)
    return changed.with_notes(*told)
