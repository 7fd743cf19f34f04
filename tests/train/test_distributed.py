"""Two processes give what one gives; a killed one does not keep the other waiting; a run resumes with another number of them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dermai_report.storage.run_reading import read_run_directory

ROOT = Path(__file__).resolve().parents[2]
Options = Callable[..., dict[str, Any]]
TORCHRUN = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]


def start(processes: int, values: dict[str, Any], cwd: Path) -> subprocess.Popen[str]:
    """dermai-train on so many processes, in a session of its own."""
    words = [w for key, value in values.items() for w in (f"--{key.replace('_', '-')}", str(value))]
    command = ["-m", "dermai_report.cli.train", *words]
    whole = [sys.executable, *command] if processes == 1 else [*TORCHRUN, *command]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        whole, cwd=cwd, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    )


def finish(process: subprocess.Popen[str]) -> None:
    _, told = process.communicate(timeout=300)
    assert process.returncode == 0, told


def epochs(run: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (run / "epochs.jsonl").read_text().splitlines()]


def wait_for_epochs(runs: Path, n: int) -> None:
    end = time.monotonic() + 120
    while time.monotonic() < end:
        logs = list(runs.glob("*_*/epochs.jsonl"))
        if logs and len(logs[0].read_text().splitlines()) >= n:
            return
        time.sleep(0.1)
    raise AssertionError("no epoch was logged")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("changes", "apart"),  # where BatchNorm is trained, rounding grows with every step
    [
        ({"unfreeze": "head", "frozen_bn": "eval", "swa_start": 0.1}, 1e-5),
        ({"unfreeze": "layer4+fc"}, 5e-3),
    ],
    ids=["frozen", "default"],
)
def test_two_processes_give_the_metrics_of_one(tmp_path: Path, options: Options, changes: dict[str, Any], apart: float) -> None:
    values = options(**{"epochs": 2, "model": "resnet18", "batch_size": 10, "precision": "float32", **changes})
    for processes in (1, 2):
        finish(start(processes, {**values, "runs": tmp_path / str(processes)}, tmp_path))
    one, two = ((tmp_path / str(n) / "latest").resolve() for n in (1, 2))
    for a, b in zip(epochs(one), epochs(two), strict=True):
        for split in ("train", "val"):
            assert a[split] == pytest.approx(b[split], rel=apart)
    first, second = read_run_directory(one), read_run_directory(two)
    assert first.test == second.test or (first.test and second.test and first.test.confusion == second.test.confusion)
    assert list(first.predictions["val"].sample) == list(second.predictions["val"].sample)
    assert first.predictions["val"].probabilities == pytest.approx(second.predictions["val"].probabilities, abs=apart)
    assert len(list((tmp_path / "2").glob("*/run.json"))) == 2  # the run, and `latest`: one process writes


@pytest.mark.slow
def test_stopped_by_a_signal_it_resumes_with_one_process(tmp_path: Path, options: Options) -> None:
    values = options(epochs=90, runs=tmp_path / "runs", batch_size=9, swa_start=0.01)
    process = start(2, values, tmp_path)
    wait_for_epochs(tmp_path / "runs", 2)
    os.killpg(process.pid, signal.SIGTERM)
    process.communicate(timeout=120)
    run = (tmp_path / "runs" / "latest").resolve()
    assert read_run_directory(run).status == "interrupted"
    finish(start(1, {"resume": run}, tmp_path))
    assert [e["epoch"] for e in epochs(run)] == list(range(1, 91))
    assert read_run_directory(run).status == "finished"


@pytest.mark.slow
def test_a_killed_process_does_not_keep_the_others_waiting(tmp_path: Path, options: Options) -> None:
    process = start(2, options(epochs=2000, runs=tmp_path / "runs", batch_size=9), tmp_path)
    wait_for_epochs(tmp_path / "runs", 1)
    listed = subprocess.run(["pgrep", "-P", str(process.pid)], capture_output=True, text=True, check=True).stdout.split()
    assert len(listed) == 2
    os.kill(int(listed[1]), signal.SIGKILL)
    began = time.monotonic()
    process.communicate(timeout=120)
    assert process.returncode != 0
    assert time.monotonic() - began < 110
    run = read_run_directory((tmp_path / "runs" / "latest").resolve())
    assert run.status in ("interrupted", "failed")
    assert run.epochs
