"""One pass over a split, batch by batch: what a network put out becomes losses, predicted classes and probabilities."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from typing import Any, Literal

import numpy as np

from dermai_report.errors import DermaiError
from dermai_report.run import SMALLEST_PROBABILITY
from dermai_report.storage.prediction_files import ROW_SUM_TOLERANCE, array

Outputs = Literal["auto", "logits", "probabilities"]
AT_ONCE = 64  # batches that wait on their device: each transfer makes the training wait for it


class Tally:
    """The mean loss and the accuracy of a pass; its samples are forgotten.

    n_classes: columns of the network's output; outputs: what these are. "auto" takes rows that are not negative and add up
    to 1 for probabilities, all else for logits; one column for two classes can be either, and must be named.
    """

    def __init__(self, n_classes: int, outputs: Outputs = "auto") -> None:
        self._n_classes, self._outputs = n_classes, outputs
        self._waiting: list[tuple[Any, Any]] = []
        self._loss, self._right, self._seen = 0.0, 0, 0

    def add(self, outputs: Any, labels: Any) -> None:
        """A batch: outputs (n, classes), or (n,) of two classes; labels (n,) class indices or (n, classes) shares of a class.

        Tensors of any framework and device. Raises DermaiError where they do not fit, then or with a later batch.
        """
        self._waiting.append((_detached(outputs), _detached(labels)))
        if not self._seen or len(self._waiting) >= AT_ONCE:  # the first at once: what does not fit is found early
            self._settle()

    def metrics(self) -> dict[str, float]:
        """loss in mean nats a sample and accuracy; empty where nothing was seen."""
        self._settle()
        return {"loss": self._loss / self._seen, "accuracy": self._right / self._seen} if self._seen else {}

    def _settle(self) -> None:
        for outputs, labels in self._waiting:
            log = log_probabilities(as_array("outputs", outputs, np.float64), self._n_classes, self._outputs)
            share = as_array("labels", labels)
            label = share.argmax(axis=1) if share.ndim == 2 and share.shape[1] > 1 else share.reshape(-1).astype(np.int64)
            if len(label) != len(log):
                raise DermaiError(f"a batch has {len(log)} outputs and {len(label)} labels", "pass one label a sample")
            if len(label) and not 0 <= label.min() <= label.max() < self._n_classes:
                raise DermaiError(f"labels run from {label.min()} to {label.max()}, but there are {self._n_classes} classes")
            self._count(log, label, share if share.shape == log.shape else None)
        self._waiting.clear()

    def _count(self, log: np.ndarray, label: np.ndarray, share: np.ndarray | None) -> np.ndarray:
        loss: np.ndarray = -(log[np.arange(len(label)), label] if share is None else (share * log).sum(axis=1))
        self._loss += float(loss.sum())
        self._right += int((log.argmax(axis=1) == label).sum())
        self._seen += len(label)
        return loss


class Pass(Tally):
    """A pass that keeps its samples, in their order."""

    def __init__(self, n_classes: int, outputs: Outputs = "auto") -> None:
        super().__init__(n_classes, outputs)
        self._kept: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []

    def samples(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(loss, predicted, label), each (n,): what log_epoch takes as val_samples."""
        loss, log, label = self._columns()
        return loss, log.argmax(axis=1), label

    @property
    def labels(self) -> np.ndarray:
        """(n,) class indices."""
        return self._columns()[2]

    @property
    def probabilities(self) -> np.ndarray:
        """(n, classes)."""
        probabilities: np.ndarray = np.exp(self._columns()[1])
        return probabilities

    def _columns(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        self._settle()
        if not self._kept:
            raise DermaiError("the pass saw no sample", "evaluate a data set that is not empty")
        loss, log, label = (np.concatenate(parts) for parts in zip(*self._kept, strict=True))
        return loss, log, label

    def _count(self, log: np.ndarray, label: np.ndarray, share: np.ndarray | None) -> np.ndarray:
        loss = super()._count(log, label, share)
        self._kept.append((loss.astype(np.float32), log.astype(np.float32), label.astype(np.int32)))
        return loss


def log_probabilities(outputs: np.ndarray, n_classes: int, kind: Outputs) -> np.ndarray:
    """(n, classes) natural logarithms of the probabilities, float64; raises DermaiError for another shape."""
    alone = n_classes == 2 and outputs.ndim and outputs.size == len(outputs)
    table = _two_columns(outputs.reshape(-1), kind) if alone else outputs
    if table.ndim != 2 or table.shape[1] != n_classes:
        raise DermaiError(
            f"the network's output has shape {outputs.shape} for {n_classes} classes",
            "pass (n, classes) logits or probabilities, and the names of all classes: RunWriter(classes=[…])",
        )
    if kind == "probabilities" or (kind == "auto" and _add_up_to_one(table)):
        return np.asarray(np.log(np.maximum(table, SMALLEST_PROBABILITY)))
    with np.errstate(invalid="ignore"):  # a training that diverged: not a number stays so
        shifted = table - table.max(axis=1, keepdims=True)
        return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)))


def _two_columns(column: np.ndarray, kind: Outputs) -> np.ndarray:
    """The output for the second class alone, as that of both."""
    if kind == "auto":
        raise DermaiError(
            "the network puts out one number for two classes, which may be a logit or a probability",
            'say which: outputs="logits" or outputs="probabilities"',
        )
    return np.stack([np.zeros_like(column) if kind == "logits" else 1 - column, column], axis=1)


def _add_up_to_one(table: np.ndarray) -> bool:
    return bool(len(table) and (table >= 0).all() and (np.abs(table.sum(axis=1) - 1) <= ROW_SUM_TOLERANCE).all())


def as_array(what: str, values: Any, dtype: Any = None) -> np.ndarray:
    """A tensor of any framework, or a list, as numpy's; raises DermaiError that names it."""
    values = _detached(values)
    if hasattr(values, "cpu"):
        values = values.cpu()
        values = values.float() if values.is_floating_point() else values  # numpy has no bfloat16
    return array(what, values, dtype)


def digest_of(weights: Iterable[tuple[str, Any]]) -> str:
    """A digest of named weights: two models of one digest put out the same."""
    found = sha256()
    for name, values in weights:
        kept = np.ascontiguousarray(as_array(name, values))
        found.update(f"{name} {kept.dtype} {kept.shape}\n".encode())
        found.update(kept.view(np.uint8).data if kept.ndim else kept.tobytes())
    return found.hexdigest()


def _detached(values: Any) -> Any:
    return values.detach() if hasattr(values, "detach") else values
