"""Predictions in an NPZ file: arrays `labels` (n,) and `probabilities` (n, classes) or `predicted` (n,), by these or like names.

`classes`, `samples` and `groups` are taken where they stand there. Nothing pickled is read.
"""

from __future__ import annotations

import zipfile
from collections.abc import Sequence

import numpy as np

from dermai_report.errors import DermaiError
from dermai_report.results import Outcome
from dermai_report.results._predicted import Told, as_text, outcome_of, role_of
from dermai_report.sources._log import LARGEST, NO, SURE, Log

MAGIC = b"PK\x03\x04"
CLASSES = {"classes", "class_names", "labels_names", "label_names", "categories"}


def recognises(log: Log) -> int:
    """A zip file that holds .npy members."""
    return SURE if log.head.startswith(MAGIC) and b".npy" in log.head else NO


def read(log: Log, classes: Sequence[str]) -> Outcome:
    """Read it; raises DermaiError where an array is missing, pickled or of another shape."""
    arrays = _arrays(log)
    by_role = {role: a for name, a in arrays.items() if (role := role_of(name)) and a.ndim == 1}
    tables = [a for a in arrays.values() if a.ndim == 2 and a.dtype.kind == "f" and a.shape[1] > 1]
    label = by_role.get("label")
    if label is None or (not tables and "predicted" not in by_role):
        raise DermaiError(
            f"{log.path} holds {', '.join(arrays) or 'nothing'}: no labels with predictions",
            "np.savez(file, labels=…, probabilities=…) or predicted=…",
        )
    if len(tables) > 1:
        raise DermaiError(f"{log.path} holds several tables that could be probabilities", "keep one in the file")
    names = next((as_text(a.tolist()) for n, a in arrays.items() if n.lower() in CLASSES and a.ndim == 1), None)

    def texts(role: str) -> list[str] | None:
        return as_text(by_role[role].tolist()) if role in by_role else None

    told = Told(
        label=as_text(label.tolist()),
        predicted=texts("predicted"),
        probabilities=tables[0].astype(np.float32) if tables else None,
        names=names if tables and names and len(names) == tables[0].shape[1] else None,
        sample=texts("sample"),
        group=texts("group"),
    )
    return outcome_of(log, classes or tuple(names or ()), told)


def _arrays(log: Log) -> dict[str, np.ndarray]:
    try:
        with zipfile.ZipFile(log.path) as file:
            size = sum(member.file_size for member in file.infolist())
        if size > LARGEST:
            raise DermaiError(f"{log.path} unpacks to more than {LARGEST / 1024**3:g} GB", "leave out what is no prediction")
        with np.load(log.path, allow_pickle=False) as stored:
            return {name: np.atleast_1d(stored[name]) for name in stored.files}
    except (
        ValueError,
        OSError,
        zipfile.BadZipFile,
        EOFError,
        KeyError,
        NotImplementedError,
        RuntimeError,
        MemoryError,
        SyntaxError,
    ) as error:
        raise DermaiError(
            f"{log.path} is no NPZ file of plain arrays: {error}", "np.savez(file, labels=…, probabilities=…)"
        ) from None
