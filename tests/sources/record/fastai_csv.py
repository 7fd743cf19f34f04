"""fastai's CSVLogger: a fit with accuracy; two fits in one file with append=True; and an error rate alone."""
# needs: fastai torch==2.13.0

import torch
from _curve import data, folder, truth
from fastai.callback.progress import CSVLogger
from fastai.data.core import DataLoaders
from fastai.learner import Learner
from fastai.metrics import accuracy, error_rate
from torch.utils.data import DataLoader, TensorDataset

x, y, x_val, y_val = (torch.tensor(a) for a in data())


def learner(place, *metrics):
    torch.manual_seed(4)
    train = DataLoader(TensorDataset(x, y), 20)
    val = DataLoader(TensorDataset(x_val, y_val), 40)
    return Learner(
        DataLoaders(train, val), torch.nn.Linear(6, 3), torch.nn.CrossEntropyLoss(), metrics=list(metrics), path=place
    )


def epochs(learn, right):
    return [{"train": {"loss": t}, "val": {"loss": v, "accuracy": right(m)}} for t, v, m in learn.recorder.values]


place = folder("fastai_csv")
learn = learner(place, accuracy)
with learn.no_bar(), learn.no_logging():
    learn.fit(6, 0.05, cbs=CSVLogger())
truth(place, epochs(learn, lambda m: m))

place = folder("fastai_csv_appended")
learn = learner(place, accuracy)
with learn.no_bar(), learn.no_logging():
    learn.fit(4, 0.05, cbs=CSVLogger())
    first = epochs(learn, lambda m: m)
    learn.fit(3, 0.02, cbs=CSVLogger(append=True))
truth(place, first + epochs(learn, lambda m: m))

place = folder("fastai_csv_error_rate")
learn = learner(place, error_rate)
with learn.no_bar(), learn.no_logging():
    learn.fit(5, 0.05, cbs=CSVLogger())
truth(place, epochs(learn, lambda m: 1 - m))
