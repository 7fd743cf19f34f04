"""A softmax regression on two overlapping clouds, trained for some epochs in numpy: real curves in milliseconds."""

import json
import shutil
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent.parent / "recorded"


def folder(name):
    """An empty folder for a recorded log."""
    place = HERE / name
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    return place


def data(seed=0, n=240, classes=3, features=6):
    """x_train, y_train, x_val, y_val."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(classes, features))
    y = rng.integers(0, classes, n)
    x = (centres[y] + 1.1 * rng.normal(size=(n, features))).astype("float32")
    return x[: n // 2], y[: n // 2], x[n // 2 :], y[n // 2 :]


def curve(epochs=6, lr=0.8):
    """One dict an epoch: train and val, each with loss and accuracy, and lr."""
    x, y, x_val, y_val = data()
    w = np.zeros((x.shape[1], 3))
    logged = []
    for _ in range(epochs):
        p = _softmax(x @ w)
        train = _scores(p, y)
        p[np.arange(len(y)), y] -= 1
        w -= lr * x.T @ p / len(y)
        logged.append({"train": train, "val": _scores(_softmax(x_val @ w), y_val), "lr": lr})
        lr *= 0.7
    return logged


def truth(place, epochs, **more):
    """Write what the log must say, one entry an epoch."""
    text = json.dumps({"epochs": epochs, **more}, indent=1, default=float)
    (place.parent / f"{place.name}.truth.json").write_text(text + "\n")


def _softmax(z):
    e = np.exp(z - z.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


def _scores(p, y):
    return {"loss": float(-np.log(p[np.arange(len(y)), y]).mean()), "accuracy": float((p.argmax(1) == y).mean())}
