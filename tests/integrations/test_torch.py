"""The adapter for PyTorch, with the real framework."""

from __future__ import annotations

from pathlib import Path

from dermai_report import RunWriter, read_run
from tests.integrations.examples import check_full, run_example

FRAMEWORK = "torch"


def test_example() -> None:
    run, names = run_example("PyTorch")
    check_full(run, names)


def test_modes_and_devices_are_left_as_they_were(tmp_path: Path) -> None:
    import torch

    from dermai_report.integrations.torch import TorchRecorder

    model = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Dropout(0.9), torch.nn.BatchNorm1d(2))
    model[2].eval()  # frozen by its owner
    batches = [(torch.eye(2), torch.tensor([0, 1]))]
    optimizer = torch.optim.SGD([{"params": model[0].parameters(), "lr": 0.1}, {"params": model[2].parameters(), "lr": 0.2}])
    with RunWriter(tmp_path, classes=["a", "b"]) as run:
        recorder = TorchRecorder(run)
        logits = model(batches[0][0])
        recorder.train_batch(logits, batches[0][1])
        logits.sum().backward()  # its graph is whole
        first = recorder.epoch(model, batches, optimizer, phase="head")
        assert recorder.epoch(model, batches, optimizer) == first  # dropout was off
    assert [m.training for m in model] == [True, True, False]
    epoch = read_run(run.path).epochs[0]
    assert epoch.lr == (0.1, 0.2) and epoch.phase == "head" and set(epoch.train) == {"loss", "accuracy"}
