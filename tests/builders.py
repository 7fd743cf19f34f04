"""Runs made by hand for tests."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from dermai_report.run import Checkpoint, Data, EpochLog, Evaluation, Predictions, Run, SampleEpochs

PUBLISHED = Path(__file__).resolve().parent.parent / "runs" / "resnet18-10-epochs"
CLASSES = ("acne", "eczema", "melanoma", "nevus")
CONFIG = {"model": "resnet18", "weights": "imagenet", "unfreeze": "layer4+fc", "epochs": 10, "lr": 0.001,
          "schedule": "plateau", "plateau_patience": 2, "class_weights": True}  # fmt: skip
GOOD_VAL = (1.30, 1.00, 0.80, 0.68, 0.60, 0.55, 0.52, 0.50, 0.49, 0.485)


def losses(n: int = 10, start: float = 1.5, rate: float = 0.75, floor: float = 0.3) -> list[float]:
    """A smooth falling curve."""
    return [floor + (start - floor) * rate**i for i in range(n)]


def epochs(
    train: Sequence[float],
    val: Sequence[float],
    train_acc: Sequence[float] = (),
    val_acc: Sequence[float] = (),
    lr: Sequence[float] = (),
) -> tuple[EpochLog, ...]:
    """Epoch logs from curves; accuracies and learning rates where given."""
    logs = []
    for i in range(max(map(len, (train, val, train_acc, val_acc)))):
        t = {k: float(c[i]) for k, c in (("loss", train), ("accuracy", train_acc)) if i < len(c)}
        v = {k: float(c[i]) for k, c in (("loss", val), ("accuracy", val_acc)) if i < len(c)}
        rate = (float(lr[i]),) if i < len(lr) else ()
        logs.append(EpochLog(epoch=i + 1, train=t, val=v, lr=rate, seconds=10.0, at=f"epochs.jsonl:{i + 1}"))
    return tuple(logs)


def predictions(rng: np.random.Generator, n: int, k: int = 4, skill: float = 2.0, shift: float = 1.0) -> Predictions:
    """Predictions drawn from a model that is calibrated at shift 1; larger shifts make it overconfident."""
    label = rng.integers(0, k, n)
    logits = rng.normal(size=(n, k))
    logits[np.arange(n), label] += skill
    logits *= skill * shift
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    return Predictions(
        sample=[f"img{i}.jpg" for i in range(n)],
        label=label.astype(np.int32),
        predicted=p.argmax(axis=1).astype(np.int32),
        probabilities=p.astype(np.float32),
    )


def evaluation(outcome: Predictions, k: int, epoch: int = 10) -> Evaluation:
    """The evaluation that belongs to predictions."""
    confusion = np.zeros((k, k), dtype=int)
    np.add.at(confusion, (outcome.label, outcome.predicted), 1)
    n = len(outcome)
    return Evaluation(n=n, accuracy=float(np.trace(confusion) / n), confusion=confusion.tolist(), epoch=epoch)


def from_confusion(confusion: Sequence[Sequence[int]], **facts: Any) -> Run:
    """A finished run whose test set has these counts, and predictions to match (without probabilities)."""
    counts = np.array(confusion)
    label, predicted = (np.repeat(i.ravel(), counts.ravel()) for i in np.indices(counts.shape))
    outcome = Predictions(
        sample=[str(i) for i in range(len(label))], label=label.astype(np.int32), predicted=predicted.astype(np.int32)
    )
    names = tuple(f"class{i}" for i in range(len(counts)))
    return run(test=evaluation(outcome, len(counts)), predictions={"test": outcome}, classes=names, **facts)


def run(**facts: Any) -> Run:
    """A healthy finished run of ten epochs without a test evaluation; any fact can be replaced."""
    base: dict[str, Any] = {
        "id": "20260101T000000Z_good_abc123",
        "name": "good",
        "source": "run_directory",
        "path": "runs/good",
        "status": "finished",
        "epochs": epochs(
            [v * 0.95 for v in GOOD_VAL], GOOD_VAL, [1 - v / 3 for v in GOOD_VAL], [1 - v / 2.8 for v in GOOD_VAL],
            lr=[1e-3] * 6 + [1e-4] * 4,
        ),
        "classes": CLASSES,
        "config": CONFIG | {"unfreeze": "full"},
        "data": Data(counts={s: dict.fromkeys(CLASSES, n) for s, n in (("train", 500), ("val", 3000), ("test", 100))}),
        "seed": 1,
        "git": {"revision": "0" * 40, "dirty": False},
        "checkpoints": {"best": Checkpoint(file="model/dermai_model.pth", epoch=10, by="val_loss")},
    }  # fmt: skip
    return Run(**(base | facts))


def sample_epochs(rng: np.random.Generator, skills: Sequence[float], n: int = 500, k: int = 4) -> SampleEpochs:
    """Per-sample outcomes of epochs of the given skills on one validation set."""
    label = rng.integers(0, k, n)
    noise = rng.normal(size=(n, k))
    loss, predicted = [], []
    for skill in skills:
        logits = noise + 0.5 * rng.normal(size=(n, k))
        logits[np.arange(n), label] += skill
        p = np.exp(logits - logits.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        loss.append(-np.log(p[np.arange(n), label]))
        predicted.append(p.argmax(axis=1))
    return SampleEpochs(
        epochs=tuple(range(1, len(skills) + 1)), loss=np.array(loss, np.float32), predicted=np.array(predicted), label=label
    )
