"""Keras on TensorFlow: its TensorBoard callback, what fit prints (both kinds), and the History as JSON and as pickles."""
# needs: tensorflow-cpu

import contextlib
import io
import json
import os
import pickle
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import keras
import numpy as np
from _curve import data, folder, truth

x, y, x_val, y_val = data()


def fit(verbose, callbacks=(), epochs=6):
    keras.utils.set_random_seed(1)
    model = keras.Sequential([keras.Input((x.shape[1],)), keras.layers.Dense(3, activation="softmax")])
    model.compile(keras.optimizers.SGD(0.3), "sparse_categorical_crossentropy", metrics=["accuracy"])
    plateau = keras.callbacks.ReduceLROnPlateau(patience=1)
    return model.fit(x, y, 20, epochs, verbose=verbose, validation_data=(x_val, y_val), callbacks=[plateau, *callbacks]).history


def epochs_of(history):
    columns = zip(*(history[k] for k in ("loss", "accuracy", "val_loss", "val_accuracy")), strict=True)
    return [{"train": {"loss": a, "accuracy": b}, "val": {"loss": c, "accuracy": d}} for a, b, c, d in columns]


def printed(verbose):
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        history = fit(verbose)
    return out.getvalue(), epochs_of(history)


place = folder("keras_tensorboard")
history = fit(0, [keras.callbacks.TensorBoard(place, write_graph=False)])
truth(place, epochs_of(history))

for name, verbose in (("keras_stdout_bar", 1), ("keras_stdout_lines", 2)):
    place = folder(name)
    text, epochs = printed(verbose)
    Path(place, "fit.log").write_text(text, newline="")
    truth(place, epochs, decimals=4)

place = folder("keras_history_json")
Path(place, "history.json").write_text(json.dumps({k: [float(v) for v in vs] for k, vs in history.items()}))
truth(place, epochs_of(history))

place = folder("keras_history_pickle")
Path(place, "history.pkl").write_bytes(pickle.dumps(history))
Path(place, "trainHistoryDict").write_bytes(pickle.dumps({k: [np.float32(v) for v in vs] for k, vs in history.items()}, 2))
np.save(Path(place, "history.npy"), history)
truth(place, epochs_of(history))
