"""Per-sample predictions as Parquet: predictions/val.parquet and test.parquet.

Columns: sample, group (optional), label, predicted (class names), and `p:<class>`, one probability a class; any further column
of text says something else of the sample (skin tone, site), empty where it is not known. The table's metadata holds the epoch of
the model that predicted, where it is known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dermai_report.errors import DermaiError
from dermai_report.plain import text
from dermai_report.run import SMALLEST_PROBABILITY, Evaluation, Predictions
from dermai_report.storage.parquet import (
    HINT,
    Strings,
    class_codes,
    column,
    holds_text,
    numbers,
    read_table,
    text_column,
    texts,
    whole_number,
    write_table,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike

FOLDER = "predictions"
OWN = ("sample", "group", "label", "predicted")
ROW_SUM_TOLERANCE = 1e-3  # float16 soft-max rows over 1,000 classes stay well inside it


def file_of(run: Path, split: str) -> Path:
    """Where the predictions of a split stand."""
    return run / FOLDER / f"{split}.parquet"


def check(
    classes: Sequence[str],
    labels: ArrayLike,
    probabilities: ArrayLike | None,
    predicted: ArrayLike | None,
    samples: Sequence[str] | None,
    groups: Sequence[str] | None,
    epoch: int | None = None,
    columns: Mapping[str, Sequence[object]] | None = None,
) -> Predictions:
    """Predictions made true to their types, or a DermaiError that says what does not fit."""
    import numpy as np

    label = class_indices("labels", labels, len(classes))
    n = len(label)
    if not n:
        raise DermaiError("there are no samples to evaluate", "log an evaluation only where there is data")
    table: Any = None
    if probabilities is not None:
        table = array("probabilities", probabilities, np.float32)
        _check_probabilities(table, n, len(classes))
    elif predicted is None:
        raise DermaiError("neither probabilities nor predicted were given", "pass one of them to log_evaluation")
    guess = class_indices("predicted", table.argmax(axis=1) if predicted is None else predicted, len(classes))
    names = _texts("samples", samples)
    if names is None:
        names = [str(i) for i in range(n)]
    parts = _texts("groups", groups)
    known = _check_columns(columns or {})
    each: list[tuple[str, Any]] = [("predicted", guess), ("samples", names), ("groups", parts), *known.items()]
    for what, values in each:
        if values is not None and len(values) != n:
            raise DermaiError(f"{what} has {len(values)} entries for {n} labels")
    return Predictions(sample=names, label=label, predicted=guess, probabilities=table, group=parts, columns=known, epoch=epoch)


def evaluate(outcome: Predictions, *, n_classes: int, loss: float | None, **facts: Any) -> Evaluation:
    """n, accuracy, mean loss and confusion counts of a split."""
    import numpy as np

    counts = np.bincount(outcome.label.astype(np.int64) * n_classes + outcome.predicted, minlength=n_classes**2)
    confusion = counts.reshape(n_classes, n_classes)
    n = len(outcome)
    if loss is None and outcome.probabilities is not None and n:
        true = outcome.probabilities[np.arange(n), outcome.label].astype(np.float64)
        loss = float(-np.log(np.maximum(true, SMALLEST_PROBABILITY)).mean())
    accuracy = float(np.trace(confusion)) / n if n else None
    return Evaluation(n=n, loss=loss, accuracy=accuracy, confusion=confusion.tolist(), **facts)


def write(run: Path, split: str, outcome: Predictions, classes: Sequence[str]) -> None:
    """Write the predictions of a split."""
    import numpy as np
    import pyarrow as pa

    names = text_column(classes)
    columns: dict[str, Any] = {"sample": text_column(outcome.sample)}
    if outcome.group is not None:
        columns["group"] = text_column(outcome.group)
    for name, values in outcome.columns.items():
        columns[name] = pa.array(values, pa.string()).dictionary_encode()
    columns["label"] = pa.DictionaryArray.from_arrays(column(outcome.label.astype(np.int32)), names)
    columns["predicted"] = pa.DictionaryArray.from_arrays(column(outcome.predicted.astype(np.int32)), names)
    if outcome.probabilities is not None:
        columns |= {f"p:{name}": column(outcome.probabilities[:, i]) for i, name in enumerate(classes)}
    write_table(file_of(run, split), columns, None if outcome.epoch is None else {"epoch": str(outcome.epoch)})


def read(run: Path, split: str, classes: Sequence[str]) -> Predictions:
    """Read the predictions of a split back. Raises DermaiError naming the file and what is wrong in it."""
    import numpy as np

    path = file_of(run, split)
    table = read_table(path, ("sample", "label"))
    present = set(table.column_names)
    label = class_codes(table, "label", classes, path)
    probable = [f"p:{name}" for name in classes]
    absent = [name for name in probable if name not in present]
    if len(absent) == len(probable) and "predicted" not in present:
        raise DermaiError(f"{path}: no column predicted or p:<class>", HINT)
    if absent and len(absent) < len(probable):
        raise DermaiError(
            f"{path}: no column {', '.join(absent)}", "it needs a column of probabilities for every class, or none"
        )
    probabilities = None
    if probable and not absent:
        probabilities = np.empty((table.num_rows, len(classes)), dtype=np.float32)
        for i, name in enumerate(probable):
            probabilities[:, i] = numbers(table, name, path, np.float32)
    predicted = class_codes(table, "predicted", classes, path) if "predicted" in present else None
    try:
        return check(
            classes,
            label,
            probabilities,
            predicted,
            texts(table, "sample", path),
            texts(table, "group", path) if "group" in present else None,
            whole_number(table, "epoch", path),
            _further(table, path),
        )
    except DermaiError as error:
        if str(path) in error.message:
            raise
        raise DermaiError(f"{path}: {error.message}", error.hint) from None


def _check_columns(columns: Mapping[str, Sequence[object]]) -> dict[str, Sequence[str]]:
    """The further columns as texts; None is empty: not known."""
    known: dict[str, Sequence[str]] = {}
    for name, values in columns.items():
        if name in OWN or name.startswith("p:"):
            raise DermaiError(f"the column {name!r} has a name that predictions use", "call it otherwise")
        told = _texts(f"column {name}", values, missing="")
        if told is not None:
            known[text(name)] = told
    return known


def _further(table: Any, path: Path) -> dict[str, Strings]:
    """The further columns of text; others, such as logits, are none of ours."""
    names = [name for name in table.column_names if name not in OWN and not name.startswith("p:")]
    return {name: texts(table, name, path, empty=True) for name in names if holds_text(table, name)}


def array(what: str, values: Any, dtype: Any = None) -> np.ndarray:
    """An array from what a caller passed, or a DermaiError that names it (ragged lists, text, tensors on a device)."""
    import numpy as np

    try:
        with np.errstate(over="ignore"):
            return np.asarray(values, dtype=dtype)
    except (TypeError, ValueError, RuntimeError, OverflowError) as error:
        raise DermaiError(
            f"{what} is no array of numbers: {error}",
            "pass arrays or lists of even rows; of a tensor, its .detach().cpu().numpy()",
        ) from None


def class_indices(what: str, values: ArrayLike, n_classes: int) -> np.ndarray:
    """(n,) int32 class indices, checked against the number of classes."""
    import numpy as np

    indices = array(what, values)
    if indices.ndim != 1 or (indices.size and not np.issubdtype(indices.dtype, np.integer)):
        raise DermaiError(f"{what} must be one class index a sample, not an array of {indices.dtype} of shape {indices.shape}")
    if indices.size and (indices.min() < 0 or indices.max() >= n_classes):
        wrong = indices[(indices < 0) | (indices >= n_classes)][0]
        known = f"{n_classes} classes (0 to {n_classes - 1})" if n_classes else "no classes: name them, RunWriter(classes=[…])"
        raise DermaiError(f"{what} has class index {wrong}, but there are {known}")
    return indices.astype(np.int32, copy=False)


def _texts(what: str, values: Any, missing: str | None = None) -> Sequence[str] | None:
    """The values as texts; `missing` stands for None and for NaN, where it is given."""
    if values is None or isinstance(values, Strings):
        return values
    try:
        given = list(values)
    except TypeError:
        raise DermaiError(f"{what} is {values!r:.60}, not one text a sample") from None
    if what == "groups" and any(v is None for v in given):
        raise DermaiError("groups has a sample without a group", "give each such sample a group of its own")
    names = [missing if missing is not None and (v is None or v != v) else str(v) for v in given]  # noqa: PLR0124  NaN
    try:
        "".join(names).encode()
    except UnicodeEncodeError:  # file names that are not UTF-8
        return [text(name) for name in names]
    return names


def _check_probabilities(table: np.ndarray, n: int, n_classes: int) -> None:
    import numpy as np

    if table.shape != (n, n_classes):
        raise DermaiError(f"probabilities have shape {table.shape}, not ({n}, {n_classes})")
    with np.errstate(invalid="ignore", over="ignore"):
        sums = table @ np.ones(n_classes, dtype=np.float32)  # a third of the time of sum(axis=1), whose rows are short
        bad = ~(np.abs(sums - 1) <= ROW_SUM_TOLERANCE)
    if table.min() < 0:
        bad |= table.min(axis=1) < 0
    if bad.any():
        row = int(bad.argmax())
        raise DermaiError(
            f"probabilities of sample {row} add up to {sums[row]:g}, not 1 ({int(bad.sum())} such rows)",
            "pass soft-max outputs, not logits",
        )
