"""BatchNorm over two processes against torch's own over all pictures: the loss, every gradient, every statistic."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
STEP = """
import torch
from torch import nn
from dermai_report.train import distributed, shared_norm

def net():
    torch.manual_seed(0)
    block = lambda n: [nn.Conv2d(n, 8, 3, bias=False), nn.BatchNorm2d(8), nn.ReLU()]
    return nn.Sequential(*block(3), *block(8), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 4)).train()

torch.manual_seed(1)
x, y, weights = torch.randn(7, 3, 8, 8) * 3 + 1, torch.randint(0, 4, (7,)), torch.rand(4) + 0.5
objective = nn.CrossEntropyLoss(weights)
whole, part = net(), net()
loss = objective(whole(x), y)
loss.backward()
with distributed.joined(torch.device("cpu")):
    shared_norm.share_statistics(part)
    mine = distributed.share(7)
    averaging = distributed.together(part, torch.device("cpu"))
    own = objective(averaging(x[mine]), y[mine])
    own, mean = distributed.mean_loss(own, weights[y[mine]].sum())
    own.backward()
    assert abs(mean - loss.item()) < 1e-6, (mean, loss)
    for (name, a), b in zip(whole.named_parameters(), part.parameters()):
        assert (a.grad - b.grad).abs().max() < 1e-5 * a.grad.abs().max(), name
    for (name, a), b in zip(whole.named_buffers(), part.buffers()):
        torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-6, msg=name)
    assert list(whole.state_dict()) == list(part.state_dict())
    part.eval(), whole.eval()
    torch.testing.assert_close(part(x), whole(x), rtol=1e-5, atol=1e-5)
"""


@pytest.mark.slow
def test_a_step_of_two_processes_is_the_step_of_one(tmp_path: Path) -> None:
    (tmp_path / "step.py").write_text(STEP)
    command = [
        sys.executable,
        "-m",
        "torch.distributed.run",
        "--standalone",
        "--nproc-per-node",
        "2",
        str(tmp_path / "step.py"),
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
