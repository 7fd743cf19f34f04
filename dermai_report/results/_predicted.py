"""Columns of predictions, from whatever file, as the outcome of a split."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from dermai_report.errors import DermaiError, unknown_name
from dermai_report.results import Outcome
from dermai_report.results._classes import class_names, indices
from dermai_report.run import Predictions
from dermai_report.sources._log import Log
from dermai_report.storage import prediction_files

NAMES = {
    "label": "label labels true truth ytrue target targets groundtruth gt actual truelabel trueclass labeltrue y real reference",
    "predicted": "predicted prediction predictions pred preds ypred predictedclass predclass predlabel predictedlabel yhat "
    "predictionlabel output labelpred argmax",
    "sample": "sample samples image images file filename filepath path imageid imagepath id name img fname sampleid imagename",
    "group": "group groups patient patientid patients subject subjectid case caseid lesion lesionid study studyid participant",
}
ROLE_OF = {word: role for role, words in NAMES.items() for word in words.split()}
PROBABILITY = re.compile(
    r"(?:p|prob|probs|proba|probability|score|softmax|y_prob|y_score|conf)[\s_:/.\[(-]+(.+?)[\])]?", re.IGNORECASE
)
POSITIVE = {"probability", "prob", "proba", "score", "yscore", "yprob", "probpositive", "ppositive", "p1", "p"}
ROUNDED = 0.02  # how far a row of rounded probabilities may be from 1


@dataclass(frozen=True)
class Roles:
    """Which column is what, by name; probabilities: columns by the class that each is of."""

    label: str | None
    predicted: str | None
    sample: str | None
    group: str | None
    probabilities: Mapping[str, str]
    positive: str | None


def role_of(name: str) -> str | None:
    """label, predicted, sample or group where the name says so."""
    return ROLE_OF.get(re.sub(r"[^a-z0-9]", "", name.lower()))


def roles_of(names: Sequence[str], numeric: set[str], chosen: Mapping[str, str], classes: Sequence[str], file: str) -> Roles:
    """What each column is; raises DermaiError where two could be the label or the prediction."""
    found: dict[str, str | None] = {}
    for role in NAMES:
        if role in chosen:
            if chosen[role] not in names:
                raise unknown_name("column", chosen[role], names, f" in {file}")
            found[role] = chosen[role]
            continue
        rivals = [n for n in names if role_of(n) == role]
        if len(rivals) > 1 and role in ("label", "predicted"):
            shown = ", ".join(repr(r) for r in rivals)
            raise DermaiError(
                f"{file} has several columns that could be {role}: {shown}", f"choose one: --column {role}={rivals[0]}"
            )
        found[role] = rivals[0] if rivals else None
    free = [n for n in names if n in numeric and n not in found.values()]
    probable = {m[1]: n for n in free if (m := PROBABILITY.fullmatch(n))}
    if not probable and classes and set(classes) <= set(free):
        probable = {c: c for c in classes}
    positive = next((n for n in free if re.sub(r"[^a-z0-9]", "", n.lower()) in POSITIVE), None)
    return Roles(**found, probabilities=probable if len(probable) > 1 else {}, positive=positive)


@dataclass(frozen=True, kw_only=True)
class Told:
    """What a file says of n images. label, predicted: the name or number of a class; probabilities: (n, classes), and in `names` the
    class of each of their columns, where they have names; columns: what else is known of each image, by name.
    """

    label: Sequence[str]
    predicted: Sequence[str] | None
    probabilities: np.ndarray | None
    names: Sequence[str] | None
    sample: Sequence[str] | None
    group: Sequence[str] | None
    columns: Mapping[str, Sequence[str]] = field(default_factory=dict)


def outcome_of(log: Log, known: Sequence[str], told: Told) -> Outcome:
    """The outcome of a split. known: the classes of the run. Raises DermaiError that names the file and what does not fit."""
    notes: list[str] = []
    try:
        classes, order = _classes(told, known)
        true = indices(told.label, classes, "label")
        guess = None if told.predicted is None else indices(told.predicted, classes, "predicted")
        table = None
        if told.probabilities is not None:
            table = _as_fractions(told.probabilities if order is None else told.probabilities[:, order], notes)
        if table is not None and guess is not None:
            other = int((table.argmax(axis=1) != guess).sum())
            if other:
                notes.append(
                    f"{other} of {len(guess)} predicted classes are not the most probable one; the predicted ones count."
                )
        done = prediction_files.check(classes, true, table, guess, told.sample, told.group, columns=told.columns)
        done = replace(done, columns=_further(done))
    except DermaiError as error:
        raise DermaiError(f"{log.path}: {error.message}", error.hint) from None
    if not known and all(c.isdigit() for c in classes):
        notes.append("The classes have no names; their numbers stand for them.")
    return Outcome(
        classes=classes,
        evaluation=prediction_files.evaluate(done, n_classes=len(classes), loss=None),
        predictions=done,
        notes=tuple(notes),
    )


def _further(done: Predictions) -> dict[str, Sequence[str]]:
    """The further columns without those that say the label, the prediction or whether it is right once more, in other words."""
    own = [done.label.tolist(), done.predicted.tolist(), (done.label == done.predicted).tolist()]
    return {name: values for name, values in done.columns.items() if not any(_same(values, fact) for fact in own)}


def _same(values: Sequence[str], fact: Sequence[object]) -> bool:
    """Whether each value goes with one of the fact's, and each of those with one value."""
    return len(set(zip(values, fact, strict=True))) == len(set(values)) == len(set(fact))


def _classes(told: Told, known: Sequence[str]) -> tuple[tuple[str, ...], list[int] | None]:
    """The classes, and the order in which the columns of probabilities stand for them (None: as they are)."""
    if told.names is not None:
        if known and set(told.names) == set(known):
            return tuple(known), [list(told.names).index(c) for c in known]
        return (tuple(known) if known and len(known) == len(told.names) else tuple(told.names)), None
    if told.probabilities is not None:
        width = told.probabilities.shape[1]
        if known and len(known) != width:
            raise DermaiError(f"there are {width} probabilities for {len(known)} classes", "one column a class")
        return (tuple(known) or tuple(str(i) for i in range(width))), None
    return class_names([told.label, *([told.predicted] if told.predicted is not None else [])], known), None


def _as_fractions(table: np.ndarray, notes: list[str]) -> np.ndarray:
    """Probabilities as fractions that add up to 1; percent and rounded ones are told."""
    sums = table.sum(axis=1)
    if np.all(np.abs(sums - 100) < 100 * ROUNDED) and table.min() >= 0:
        table, sums = table / 100, sums / 100
        notes.append("The probabilities were percent and divided by 100.")
    off = np.abs(sums - 1)
    if table.min() >= 0 and np.all(off < ROUNDED) and np.any(off > prediction_files.ROW_SUM_TOLERANCE / 2):
        notes.append("The probabilities are rounded; each row was divided by its sum.")
        table = table / sums[:, None]
    return np.asarray(table, dtype=np.float32)


def two_class(
    positive: np.ndarray, predicted: Sequence[str] | None, label: Sequence[str], notes: list[str]
) -> np.ndarray | None:
    """A single column of probabilities as two, where it is that of class 1; None where it is the confidence in the prediction."""
    if not set(label) <= {"0", "1"} or not set(predicted or ()) <= {"0", "1"} or positive.min() < 0 or positive.max() > 1:
        return None
    if predicted is not None:
        agrees = np.mean((positive >= 0.5) == np.array([p == "1" for p in predicted]))
        if agrees < 0.99:
            notes.append("The single column of probabilities is not that of class 1; it was left out.")
            return None
    notes.append("The single column of probabilities was taken as that of class 1.")
    return np.stack([1 - positive, positive], axis=1)


def as_text(values: Any) -> list[str]:
    """Values as text; whole numbers without a point."""
    return [str(int(v)) if isinstance(v, float) and v.is_integer() else str(v) for v in values]
