"""Keras' CSVLogger (a fit, and one of two fits with append=True) and its history as pandas writes it. On the torch backend."""
# needs: keras torch==2.13.0 pandas

import os

os.environ["KERAS_BACKEND"] = "torch"

import keras
import pandas as pd
from _curve import data, folder, truth

x, y, x_val, y_val = data()


def model():
    keras.utils.set_random_seed(5)
    made = keras.Sequential([keras.layers.Input((6,)), keras.layers.Dense(3, activation="softmax")])
    made.compile(keras.optimizers.SGD(0.4), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return made


def fit(made, epochs, *callbacks):
    return made.fit(
        x, y, epochs=epochs, batch_size=30, validation_data=(x_val, y_val), verbose=0, callbacks=list(callbacks)
    ).history


def epochs(*histories):
    return [
        {
            "train": {"loss": h["loss"][i], "accuracy": h["accuracy"][i]},
            "val": {"loss": h["val_loss"][i], "accuracy": h["val_accuracy"][i]},
        }
        for h in histories
        for i in range(len(h["loss"]))
    ]


place = folder("keras_csv")
reduce = keras.callbacks.ReduceLROnPlateau(patience=1, min_delta=0.05)
truth(place, epochs(fit(model(), 7, reduce, keras.callbacks.CSVLogger(place / "training.log"))))

place = folder("keras_csv_appended")
made = model()
first = fit(made, 4, keras.callbacks.CSVLogger(place / "training_log.csv"))
second = fit(made, 3, keras.callbacks.CSVLogger(place / "training_log.csv", append=True))
truth(place, epochs(first, second))

for name, write in (
    ("keras_history_csv", lambda f, p: f.to_csv(p / "history.csv", index=False)),
    ("keras_history_csv_index", lambda f, p: f.to_csv(p / "history.csv")),
    ("keras_history_pandas_json", lambda f, p: f.to_json(p / "history.json")),
    ("keras_history_pandas_records", lambda f, p: f.to_json(p / "history.json", orient="records")),
    ("keras_history_pandas_split", lambda f, p: f.to_json(p / "history.json", orient="split")),
):
    place = folder(name)
    history = fit(model(), 6)
    write(pd.DataFrame(history), place)
    truth(place, epochs(history))
