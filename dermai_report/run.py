"""A Run: the facts of one training, whoever wrote them. No judgement lives here.

Conventions everywhere: epochs count from 1, accuracies are fractions in [0, 1], losses are mean nats per sample, times are
seconds, timestamps are UTC ISO 8601, confusion rows are true classes and columns predicted ones. What was not logged is
absent (None, or an empty mapping), never guessed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

import msgspec

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from dermai_report.audit import Audit

Status = Literal["running", "finished", "failed", "interrupted", "unknown"]
SMALLEST_PROBABILITY = 1e-12  # a sure and wrong prediction costs 27.6 nats, not infinity

# History of the run directory's format:
#   1  run.json, epochs.jsonl, test.json, predictions/*.parquet, predictions/val_epochs/NNNN.parquet, model/
FORMAT = 1


class Data(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is known of the data set.

    counts: images per split and class; excluded: per class and split, for classes set aside; restore: what brings each of
    these back; unreadable: files left out because they could not be decoded; duplicates: pairs of samples with the same
    content by splits ("train-test"), None where nobody looked; straddling: groups with images in two splits, by splits, None
    where no groups are known; fingerprint: a digest that changes when any file of any split does.
    """

    counts: dict[str, dict[str, int]] = {}
    excluded: dict[str, dict[str, int]] = {}
    restore: dict[str, str] = {}
    unreadable: list[str] = []
    duplicates: dict[str, list[tuple[str, str]]] | None = None
    straddling: dict[str, list[str]] | None = None
    fingerprint: str | None = None
    source: str | None = None


class Checkpoint(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A saved model: its file (relative to the run), the epoch it holds, what chose that epoch, and its digest."""

    file: str
    epoch: int | None = None
    by: str | None = None
    sha256: str | None = None


class Parent(msgspec.Struct, frozen=True, kw_only=True):
    """The run whose recommendations made this one: its id, where it was, and the actions that were taken."""

    id: str
    path: str
    actions: list[str]


class Evaluation(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One pass over a split: n samples, mean loss in nats, accuracy, confusion counts (rows true, columns predicted)."""

    n: int | None = None
    loss: float | None = None
    accuracy: float | None = None
    confusion: list[list[int]] | None = None
    checkpoint: str | None = None
    epoch: int | None = None
    sha256: str | None = None


@dataclass(frozen=True, kw_only=True)
class EpochLog:
    """One epoch: metrics of each split by name ("loss", "accuracy", ...), and whatever else was logged, kept in `extra`.

    `at` is where it was read ("epochs.jsonl:9"), so that a report can show the source of a number.
    """

    epoch: int
    train: Mapping[str, float] = field(default_factory=dict)
    val: Mapping[str, float] = field(default_factory=dict)
    lr: tuple[float, ...] = ()
    seconds: float | None = None
    phase: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)
    at: str | None = None

    def metric(self, split: str, name: str) -> float | None:
        """The metric of "train" or "val", or None where it was not logged."""
        metrics: Mapping[str, float] = self.train if split == "train" else self.val
        return metrics.get(name)


@dataclass(frozen=True, eq=False, kw_only=True)
class Predictions:
    """Per-sample outcomes of one split, in one order.

    label, predicted: (n,) class indices; probabilities: (n, classes) float32, or None where only the class is known;
    loss: (n,) nats, or None; sample: n identifiers; group: n identifiers of what must not be split (patient), or None;
    columns: what else is known of each sample (skin tone, site), n texts by name, empty where it is not known;
    epoch: which the model that predicted holds, or None where nothing tells.
    """

    sample: Sequence[str]
    label: np.ndarray
    predicted: np.ndarray
    probabilities: np.ndarray | None = None
    group: Sequence[str] | None = None
    columns: Mapping[str, Sequence[str]] = field(default_factory=dict)
    epoch: int | None = None

    def __len__(self) -> int:
        return len(self.label)


@dataclass(frozen=True, eq=False, kw_only=True)
class SampleEpochs:
    """Per-sample validation outcomes of every epoch: epochs (E,), loss (E, n) float32 nats, predicted (E, n), label (n,)."""

    epochs: tuple[int, ...]
    loss: np.ndarray
    predicted: np.ndarray
    label: np.ndarray


@dataclass(frozen=True, eq=False, kw_only=True)
class Run:
    """Everything known of one training run. Compared and hashed by identity, so that measures can be kept per run.

    test_at: where each number of the test evaluation was read ("test.json:4") or what it was worked out from.
    """

    id: str
    name: str
    source: str
    path: str
    status: Status = "unknown"
    epochs: tuple[EpochLog, ...] = ()
    classes: tuple[str, ...] = ()
    config: Mapping[str, Any] = field(default_factory=dict)
    data: Data = field(default_factory=Data)
    environment: Mapping[str, Any] = field(default_factory=dict)
    seed: int | None = None
    parent: Parent | None = None
    git: Mapping[str, Any] = field(default_factory=dict)
    started: str | None = None
    finished: str | None = None
    error: str | None = None
    checkpoints: Mapping[str, Checkpoint] = field(default_factory=dict)
    test: Evaluation | None = None
    test_at: Mapping[str, str] = field(default_factory=dict)
    predictions: Mapping[str, Predictions] = field(default_factory=dict)
    val_epochs: SampleEpochs | None = None
    audit: Audit | None = None
    files: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def series(self, split: str, name: str) -> tuple[float, ...]:
        """One value an epoch (NaN where it was not logged), in the order of `epochs`."""
        return tuple(math.nan if (v := e.metric(split, name)) is None else v for e in self.epochs)

    def has(self, split: str, name: str) -> bool:
        """Whether at least one epoch logged this metric."""
        return any(e.metric(split, name) is not None for e in self.epochs)

    def at(self, epoch: int) -> EpochLog | None:
        """The log of an epoch by its number."""
        return next((e for e in self.epochs if e.epoch == epoch), None)

    def count(self, split: str) -> int | None:
        """Number of samples of a split, or None when nothing tells."""
        if split in self.predictions:
            return len(self.predictions[split])
        if split == "test" and self.test is not None and self.test.n is not None:
            return self.test.n
        if split in self.data.counts:
            return sum(self.data.counts[split].values())
        return None

    def with_notes(self, *notes: str) -> Run:
        """The same run with further notes."""
        return replace(self, notes=(*self.notes, *notes))

    def frame(self) -> pd.DataFrame:
        """The epochs as a pandas table: epoch, train_*, val_*, lr, seconds, phase."""
        import pandas as pd

        rows = [
            {
                "epoch": e.epoch,
                **{f"train_{k}": v for k, v in e.train.items()},
                **{f"val_{k}": v for k, v in e.val.items()},
                "lr": e.lr[0] if e.lr else None,
                "seconds": e.seconds,
                "phase": e.phase,
            }
            for e in self.epochs
        ]
        return pd.DataFrame(rows)
