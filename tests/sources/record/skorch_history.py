"""skorch: history.json as net.history.to_file writes it."""
# needs: torch==2.13.0 skorch

import torch
from _curve import data, folder, truth
from skorch import NeuralNetClassifier
from skorch.callbacks import EpochScoring

torch.manual_seed(1)
x, y, *_ = data()
net = NeuralNetClassifier(
    torch.nn.Linear(x.shape[1], 3), criterion=torch.nn.CrossEntropyLoss, lr=0.3, max_epochs=6, batch_size=20, verbose=0,
    callbacks=[("train_acc", EpochScoring("accuracy", on_train=True, lower_is_better=False, name="train_acc"))],
)  # fmt: skip
net.fit(x, y.astype("int64"))
place = folder("skorch")
net.history.to_file(place / "history.json")
split = lambda r, s: {"loss": r[f"{s}_loss"], "accuracy": r[f"{s}_acc"]}  # noqa: E731
truth(place, [{"train": split(r, "train"), "val": split(r, "valid")} for r in net.history])
