"""Per-sample predictions as Parquet: predictions/val.parquet, test.parquet, and val_epochs/NNNN.parquet, one an epoch.

Columns of a split: sample, group (optional), label, predicted (class names), and `p:<class>`, one probability a class.
Columns of an epoch: loss (float32 nats), predicted and label (int32 class indices). pyarrow is imported when first needed.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dermai_report.errors import DermaiError
from dermai_report.files import write_atomically
from dermai_report.run import SMALLEST_PROBABILITY, Evaluation, Predictions, SampleEpochs

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike

FOLDER = "predictions"
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
) -> Predictions:
    """Predictions made true to their types, or a DermaiError that says what does not fit."""
    import numpy as np

    label = _indices("labels", labels, len(classes))
    n = len(label)
    table = None
    if probabilities is not None:
        table = np.asarray(probabilities, dtype=np.float32)
        _check_probabilities(table, n, len(classes))
        guess = table.argmax(axis=1).astype(np.int32) if predicted is None else _indices("predicted", predicted, len(classes))
    elif predicted is not None:
        guess = _indices("predicted", predicted, len(classes))
    else:
        raise DermaiError("neither probabilities nor predicted were given", "pass one of them to log_evaluation")
    names = _texts(samples)
    if names is None:
        names = [str(i) for i in range(n)]
    parts = _texts(groups)
    for what, values in (("predicted", guess), ("samples", names), ("groups", parts)):
        if values is not None and len(values) != n:
            raise DermaiError(f"{what} has {len(values)} entries for {n} labels")
    return Predictions(sample=names, label=label, predicted=guess, probabilities=table, group=parts)


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
    import pyarrow as pa

    names = pa.array(list(classes), pa.string())
    columns: dict[str, Any] = {"sample": pa.array(outcome.sample, pa.string())}
    if outcome.group is not None:
        columns["group"] = pa.array(outcome.group, pa.string())
    columns["label"] = pa.DictionaryArray.from_arrays(pa.array(outcome.label, pa.int32()), names)
    columns["predicted"] = pa.DictionaryArray.from_arrays(pa.array(outcome.predicted, pa.int32()), names)
    if outcome.probabilities is not None:
        columns |= {f"p:{name}": pa.array(outcome.probabilities[:, i]) for i, name in enumerate(classes)}
    _write_table(file_of(run, split), columns)


def write_epoch(run: Path, epoch: int, loss: ArrayLike, predicted: ArrayLike, label: ArrayLike) -> None:
    """Write the per-sample validation outcomes of one epoch."""
    import numpy as np
    import pyarrow as pa

    columns = {
        "loss": pa.array(np.asarray(loss, dtype=np.float32)),
        "predicted": pa.array(np.asarray(predicted, dtype=np.int32)),
        "label": pa.array(np.asarray(label, dtype=np.int32)),
    }
    _write_table(run / FOLDER / "val_epochs" / f"{epoch:04d}.parquet", columns)


def read(run: Path, split: str, classes: Sequence[str]) -> Predictions:
    """Read the predictions of a split back. Raises DermaiError naming the file and what is wrong in it."""
    import numpy as np

    path = file_of(run, split)
    table = _read_table(path)
    present = set(table.column_names)
    missing = {"sample", "label"} - present
    if missing or not ({"predicted"} | {f"p:{c}" for c in classes[:1]}) & present:
        raise DermaiError(f"{path}: no column {', '.join(sorted(missing)) or 'predicted or p:<class>'}")
    probabilities = None
    if classes and all(f"p:{c}" in present for c in classes):
        probabilities = np.empty((table.num_rows, len(classes)), dtype=np.float32)
        for i, name in enumerate(classes):
            probabilities[:, i] = table.column(f"p:{name}").to_numpy()
    predicted = _codes(table.column("predicted"), classes, path) if "predicted" in present else None
    return check(
        classes,
        _codes(table.column("label"), classes, path),
        probabilities,
        predicted,
        Strings(table.column("sample")),
        Strings(table.column("group")) if "group" in present else None,
    )


def read_epochs(run: Path) -> SampleEpochs | None:
    """The per-sample validation outcomes of every epoch, or None when none were kept (or their samples differ)."""
    import numpy as np

    paths = sorted((run / FOLDER / "val_epochs").glob("*.parquet"))
    if not paths:
        return None
    tables = [_read_table(p) for p in paths]
    label = tables[0].column("label").to_numpy()
    if any(not np.array_equal(t.column("label").to_numpy(), label) for t in tables[1:]):
        return None
    return SampleEpochs(
        epochs=tuple(int(p.stem) for p in paths),
        loss=np.stack([t.column("loss").to_numpy() for t in tables]),
        predicted=np.stack([t.column("predicted").to_numpy() for t in tables]),
        label=label,
    )


class Strings(Sequence[str]):
    """A Parquet text column as a sequence that makes Python strings only for the rows asked for (a million cost 0.2 s)."""

    def __init__(self, column: Any) -> None:
        self._column = column

    def __len__(self) -> int:
        return len(self._column)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return self._column[index].to_pylist()
        return self._column[index].as_py()

    def unique_codes(self) -> np.ndarray:
        """(n,) codes, one number a distinct text: what grouping needs."""
        import numpy as np

        codes = self._column.combine_chunks().dictionary_encode().indices
        return np.asarray(codes.to_numpy(zero_copy_only=False), dtype=np.int64)


def _texts(values: Sequence[str] | None) -> Sequence[str] | None:
    return values if values is None or isinstance(values, Strings) else [str(v) for v in values]


def _indices(what: str, values: ArrayLike, n_classes: int) -> np.ndarray:
    import numpy as np

    array = np.asarray(values)
    if array.ndim != 1 or (array.size and not np.issubdtype(array.dtype, np.integer)):
        raise DermaiError(f"{what} must be one class index a sample, not an array of {array.dtype} of shape {array.shape}")
    if array.size and (array.min() < 0 or array.max() >= n_classes):
        wrong = array[(array < 0) | (array >= n_classes)][0]
        raise DermaiError(f"{what} has class index {wrong}, but there are {n_classes} classes (0 to {n_classes - 1})")
    return array.astype(np.int32)


def _check_probabilities(table: np.ndarray, n: int, n_classes: int) -> None:
    import numpy as np

    if table.shape != (n, n_classes):
        raise DermaiError(f"probabilities have shape {table.shape}, not ({n}, {n_classes})")
    if not n:
        return
    sums = table.sum(axis=1)
    bad = ~np.isfinite(sums) | (np.abs(sums - 1) > ROW_SUM_TOLERANCE) | (table.min(axis=1) < 0)
    if bad.any():
        row = int(bad.argmax())
        raise DermaiError(
            f"probabilities of sample {row} add up to {sums[row]:g}, not 1 ({int(bad.sum())} such rows)",
            "pass soft-max outputs, not logits",
        )


def _codes(column: Any, classes: Sequence[str], path: Path) -> np.ndarray:
    """Class indices of a column of class names, whatever order its own dictionary has."""
    import numpy as np
    import pyarrow as pa

    array = column.combine_chunks()
    if not pa.types.is_dictionary(array.type):
        array = array.dictionary_encode()
    if array.null_count:
        raise DermaiError(f"{path}: {array.null_count} rows without a class name")
    index = {name: i for i, name in enumerate(classes)}
    local = array.dictionary.to_pylist()
    unknown = [name for name in local if name not in index]
    if unknown:
        raise DermaiError(f"{path}: class {unknown[0]!r} is not among the classes of run.json")
    order = np.array([index[name] for name in local] or [0], dtype=np.int32)
    return np.asarray(order[array.indices.to_numpy(zero_copy_only=False)], dtype=np.int32)


def _write_table(path: Path, columns: dict[str, Any]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.table(columns)
    write_atomically(path, lambda temporary: pq.write_table(table, temporary, compression="zstd"))


def _read_table(path: Path) -> Any:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return pq.read_table(path, partitioning=None)
    except (pa.ArrowException, OSError) as error:
        raise DermaiError(f"{path} is not a readable Parquet file: {error}") from None
