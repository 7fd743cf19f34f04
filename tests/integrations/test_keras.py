"""The adapter for Keras, with the real framework."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dermai_report import DermaiError, RunWriter, read_run
from tests.integrations.examples import check_full, run_example

FRAMEWORK = "keras"
X = np.random.default_rng(0).normal(size=(30, 4)).astype("float32")
Y = (X[:, 0] > 0).astype("int64")


def test_example() -> None:
    run, names = run_example("Keras")
    check_full(run, names)


def model() -> Any:
    import keras

    made = keras.Sequential([keras.layers.Dense(2)])
    made.compile(keras.optimizers.SGD(0.5), keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
    return made


def test_every_form_of_validation_data_gives_the_same(tmp_path: Path) -> None:
    import keras
    import torch
    from torch.utils.data import DataLoader, TensorDataset

    from dermai_report.integrations.keras import RunCallback

    class Batches(keras.utils.PyDataset):
        def __len__(self) -> int:
            return 3

        def __getitem__(self, i: int) -> Any:
            return X[i * 10 : i * 10 + 10], keras.utils.to_categorical(Y[i * 10 : i * 10 + 10], 2)

    forms = ((X, Y), Batches(), DataLoader(TensorDataset(torch.tensor(X), torch.tensor(Y)), batch_size=7))
    losses = []
    for form in forms:
        keras.utils.set_random_seed(0)
        with RunWriter(tmp_path, classes=["a", "b"]) as run:
            model().fit(X, Y, epochs=2, verbose=0, callbacks=[RunCallback(run, form)])
        losses.append(read_run(run.path).series("val", "loss"))
    assert losses[0] == pytest.approx(losses[1], rel=1e-6) and losses[0] == pytest.approx(losses[2], rel=1e-6)


def test_early_stopping_sees_the_validation_and_its_best_weights_are_known(tmp_path: Path) -> None:
    import keras

    from dermai_report.integrations.keras import RunCallback

    keras.utils.set_random_seed(0)
    with RunWriter(tmp_path, classes=["a", "b"]) as run:
        recorder = RunCallback(run, (X, 1 - Y))  # the opposite of what is learned: worse with every epoch
        stop = keras.callbacks.EarlyStopping("val_loss", patience=2, restore_best_weights=True)
        model().fit(X, Y, epochs=9, verbose=0, callbacks=[recorder, stop])
        recorder.test((X, Y))
    read = read_run(run.path)
    assert len(read.epochs) == 3 and read.test is not None and read.test.epoch == 1
    assert read.epochs[0].lr == (0.5,)


def test_data_of_no_known_form(tmp_path: Path) -> None:
    from dermai_report.integrations.keras import batches

    with pytest.raises(DermaiError, match="no pair of arrays"):
        list(batches((X, Y[:3]), 10))
    with pytest.raises(DermaiError, match="cannot evaluate int"):
        list(batches(3, 10))
