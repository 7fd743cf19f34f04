"""Per-sample validation outcomes as Parquet: predictions/val_epochs/NNNN.parquet, one an epoch.

Columns: loss (float32 nats), predicted and label (int32 class indices), in the order of the validation set.
"""

from __future__ import annotations

import re
from collections.abc import Container
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dermai_report.errors import DermaiError
from dermai_report.run import SampleEpochs
from dermai_report.storage.parquet import column, numbers, read_table, write_table
from dermai_report.storage.prediction_files import FOLDER, array, class_indices

if TYPE_CHECKING:
    import numpy as np

PLACE = f"{FOLDER}/val_epochs"
COLUMNS = ("loss", "predicted", "label")


def check(val_samples: Any, n_classes: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(loss, predicted, label) as arrays of one length, or a DermaiError that says what does not fit."""
    import numpy as np

    try:
        loss, predicted, label = val_samples
    except (TypeError, ValueError):
        raise DermaiError("val_samples is not three arrays", "pass (loss, predicted, label), each one value a sample") from None
    limit = n_classes or np.iinfo(np.int32).max  # a run may leave its classes unnamed
    losses = array("loss of val_samples", loss, np.float32)
    guess = class_indices("predicted of val_samples", predicted, limit)
    truth = class_indices("label of val_samples", label, limit)
    if losses.ndim != 1 or not len(losses) == len(guess) == len(truth) > 0:
        raise DermaiError(
            f"val_samples has a loss of shape {losses.shape}, {len(guess)} predicted and {len(truth)} labels",
            "pass (loss, predicted, label), each one value a sample (a loss with reduction='none')",
        )
    return losses, guess, truth


def write(run: Path, epoch: int, loss: np.ndarray, predicted: np.ndarray, label: np.ndarray) -> None:
    """Write the per-sample validation outcomes of one epoch."""
    columns = {name: column(values) for name, values in zip(COLUMNS, (loss, predicted, label), strict=True)}
    write_table(run / PLACE / f"{epoch:04d}.parquet", columns)


def read(run: Path, n_classes: int, logged: Container[int], notes: list[str]) -> SampleEpochs | None:
    """The outcomes of every epoch that was logged, or None when none were kept, with a note when their samples differ.

    Raises DermaiError naming the file that is not what it should be.
    """
    import numpy as np

    numbered = _files(run / PLACE)
    unlogged = sorted(number for number in numbered if number not in logged)
    if unlogged:  # killed between this file and the line of the log
        notes.append(f"{PLACE} has epoch {unlogged[0]}, which the log lacks; it was left out.")
    tables = {number: _read(file, n_classes) for number, file in sorted(numbered.items()) if number in logged}
    if not tables:
        return None
    first, (_, _, label) = next(iter(tables.items()))
    other = next((number for number, (_, _, labels) in tables.items() if not np.array_equal(labels, label)), None)
    if other is not None:
        notes.append(
            f"The labels in {PLACE} differ between epochs {first} and {other}, so the per-sample outcomes were left out: "
            "validate on the same samples in the same order (no shuffling)."
        )
        return None
    loss, predicted, _ = zip(*tables.values(), strict=True)
    return SampleEpochs(epochs=tuple(tables), loss=np.stack(loss), predicted=np.stack(predicted), label=label)


def _files(folder: Path) -> dict[int, Path]:
    """The files by epoch."""
    found: dict[int, Path] = {}
    for file in sorted(folder.iterdir()) if folder.is_dir() else ():
        if file.suffix != ".parquet":
            continue
        if not re.fullmatch(r"0*[1-9][0-9]{0,7}", file.stem) or int(file.stem) in found:
            raise DermaiError(f"{file} is not named after an epoch of its own", "the file of epoch 1 is 0001.parquet")
        found[int(file.stem)] = file
    return found


def _read(file: Path, n_classes: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    import numpy as np

    table = read_table(file, COLUMNS)
    columns = (
        numbers(table, "loss", file, np.float32),
        numbers(table, "predicted", file, np.int64, whole=True),
        numbers(table, "label", file, np.int64, whole=True),
    )
    try:
        return check(columns, n_classes)
    except DermaiError as error:
        raise DermaiError(f"{file}: {error.message}", error.hint) from None
