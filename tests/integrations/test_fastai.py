"""The adapter for fastai, with the real framework."""

from __future__ import annotations

from pathlib import Path

import pytest

from dermai_report import RunWriter, read_run
from tests.integrations.examples import check_full, run_example

FRAMEWORK = "fastai"


def test_example() -> None:
    run, names = run_example("fastai")
    check_full(run, names)


def test_fits_follow_each_other_and_nothing_else_is_logged(tmp_path: Path) -> None:
    import fastai.callback.schedule  # noqa: F401
    import torch
    from fastai.data.core import DataLoaders
    from fastai.data.load import DataLoader
    from fastai.learner import Learner
    from fastai.losses import CrossEntropyLossFlat

    from dermai_report.integrations.fastai import RunCallback

    x = torch.randn(40, 3)
    data = list(zip(x, (x[:, 0] > 0).long(), strict=True))
    dls = DataLoaders(DataLoader(data, bs=10), DataLoader(data, bs=10))
    with RunWriter(tmp_path, classes=["a", "b"]) as run:
        recorder = RunCallback(run)
        learner = Learner(dls, torch.nn.Linear(3, 2), loss_func=CrossEntropyLossFlat(), cbs=recorder)
        with learner.no_bar(), learner.no_logging():
            learner.lr_find(num_it=5, show_plot=False)
            learner.fit(1, 0.1)
            learner.validate()
            learner.get_preds()
            learner.fit(2, 0.01)
            counted = recorder.test(dls.valid)
        assert counted["loss"] == pytest.approx(float(learner.validate()[0]), rel=1e-5)
    read = read_run(run.path)
    assert [(e.epoch, e.lr) for e in read.epochs] == [(1, (0.1,)), (2, (0.01,)), (3, (0.01,))]
    assert read.test is not None and read.test.epoch == 3
