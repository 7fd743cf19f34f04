"""Keras 3: a callback that validates after each epoch, and logs it.

    model.fit(x_train, y_train, callbacks=[RunCallback(run, (x_val, y_val))])

Give the validation set to the callback instead of fit: Keras' own validation keeps no sample. The callback tells Keras val_loss and
val_accuracy, so EarlyStopping and ModelCheckpoint work where they stand after it in the list.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from dermai_report.errors import DermaiError
from dermai_report.integrations._frameworks import needs
from dermai_report.integrations._passes import Pass, as_array, digest_of
from dermai_report.integrations._recorder import Recorder
from dermai_report.storage.run_directory import RunWriter

with needs("keras", "keras"):
    import keras

ACCURACY = ("accuracy", "acc", "sparse_categorical_accuracy", "categorical_accuracy", "binary_accuracy")


class RunCallback(keras.callbacks.Callback):
    """Logs epochs, validation samples, and the predictions of test().

    run: the RunWriter, its classes named in the order of the model's outputs; validation: (x, y) arrays, or batches of (x, y)
    that come in the same order each time (a PyDataset, a tf.data.Dataset, a DataLoader); batch_size: of arrays; options:
    samples, groups and outputs of Recorder.
    """

    def __init__(self, run: RunWriter, validation: Any, *, batch_size: int = 32, **options: Any) -> None:
        super().__init__()
        self._recorder = Recorder(run, **options)
        self._validation, self._batch_size = validation, batch_size
        self._lr: float | None = None

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        """Keep the learning rate of the epoch, at its first batch."""
        if batch == 0:
            self._lr = float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate))

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Validate and log; logs, which Keras hands on, gains val_loss and val_accuracy."""
        logs = {} if logs is None else logs
        val = self._evaluate(self._validation)
        train = {_name(k): v for k, v in logs.items() if not k.startswith("val_") and k != "learning_rate"}
        own = {_name(k[4:]): v for k, v in logs.items() if k.startswith("val_")}
        self._recorder.log_epoch(train=train, val=val, val_metrics=own, weights=self._digest(), lr=self._lr, epoch=epoch + 1)
        for name, value in val.metrics().items():
            logs.setdefault(f"val_{name}", value)

    def test(self, test: Any) -> dict[str, float]:
        """Evaluate and log the test set; which epoch's weights the model holds is found out. Returns loss and accuracy."""
        outcome = self._evaluate(test)
        self._recorder.log_test(outcome, self._digest())
        return outcome.metrics()

    def _evaluate(self, data: Any) -> Pass:
        outcome = self._recorder.new_pass()
        for batch in batches(data, self._batch_size):
            images = as_array("images", batch[0]) if hasattr(batch[0], "cpu") else batch[0]  # of torch, for any backend
            outcome.add(self.model.predict_on_batch(images), batch[1])
        return outcome

    def _digest(self) -> str:
        return digest_of((str(i), values) for i, values in enumerate(self.model.get_weights()))


def batches(data: Any, size: int) -> Iterator[Any]:
    """Batches of (x, y, …) from arrays, or from what gives batches itself."""
    if isinstance(data, tuple):
        if len(data) < 2 or len(data[0]) != len(data[1]):
            raise DermaiError("the data are no pair of arrays of one length", "pass (x, y), or batches of (x, y)")
        yield from ((data[0][i : i + size], data[1][i : i + size]) for i in range(0, len(data[0]), size))
    elif isinstance(data, keras.utils.PyDataset):
        yield from (data[i] for i in range(len(data)))
    elif isinstance(data, Iterable):
        yield from data
    else:
        raise DermaiError(f"cannot evaluate {type(data).__name__}", "pass (x, y), or batches of (x, y)")


def _name(metric: str) -> str:
    return "accuracy" if metric in ACCURACY else metric
