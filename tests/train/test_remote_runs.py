"""Training with --runs at an address: killed and gone on with, it ends like an undisturbed run; reports read it; experiments say no."""

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

from dermai_report import RunWriter, read_run
from dermai_report.cli import report
from dermai_report.cli.train import main
from dermai_report.train import checkpoints
from tests import stores

ROOT = Path(__file__).resolve().parents[2]
COMMAND = "import sys\nfrom tests import stores\nstores.register()\n"
COMMAND += "from dermai_report.train import checkpoints\ncheckpoints.export_last = lambda *args: None\n"
COMMAND += "from dermai_report.cli.train import main\nsys.exit(main())"
Options = Callable[..., dict[str, Any]]


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    stores.register()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return f"disk://{tmp_path}/store/runs"


def words_of(values: dict[str, Any]) -> list[str]:
    return [word for key, value in values.items() for word in (f"--{key.replace('_', '-')}", str(value))]


def start(words: list[str], *launcher: str) -> subprocess.Popen[str]:
    """dermai-train in a process that knows the store."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, *(launcher or ("-c", COMMAND)), *words]
    return subprocess.Popen(command, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def logged(folder: Path) -> list[dict[str, Any]]:
    """The epochs of the one run below a folder, but for their seconds."""
    (log,) = folder.glob("*_*/epochs.jsonl")
    return [{**json.loads(line), "seconds": 0} for line in log.read_text().splitlines()]


@pytest.mark.slow
def test_killed_it_goes_on_to_the_end_of_an_undisturbed_run(runs: str, tmp_path: Path, options: Options) -> None:
    values = options(epochs=30)
    process = start(words_of({**values, "runs": runs}))
    there, end = tmp_path / "store" / "runs", time.monotonic() + 120
    while not list(there.glob("*_*/model/last.ckpt")) or len(logged(there)) < 2:
        assert process.poll() is None and time.monotonic() < end
        time.sleep(0.02)
    assert read_run(f"{runs}/latest").status == "running"
    process.send_signal(signal.SIGKILL)
    process.communicate()
    before = logged(there)
    (run,) = there.glob("*_*")
    resumed = start(["--resume", f"{runs}/latest"])
    printed, told = resumed.communicate(timeout=200)
    assert resumed.returncode == 0, told
    assert printed.strip() == f"{runs}/{run.name}" and f"dermai-report {runs}/{run.name}" in told
    plain = start(words_of(values))
    assert plain.wait(timeout=200) == 0, plain.communicate()
    plain.communicate()
    assert len(before) < 30 and logged(there) == logged(tmp_path / "runs")
    done = tmp_path / "runs" / "latest"
    for name in (checkpoints.BEST, checkpoints.STATE, "predictions/test.parquet"):
        assert (run / name).stat().st_size == (done / name).stat().st_size
    assert (run / checkpoints.BEST).read_bytes() == (done / checkpoints.BEST).read_bytes()
    assert f"dermai-report {runs}/{run.name}" in (run / "README.txt").read_text()
    assert not list((tmp_path / "state").rglob("run.json"))
    assert report.main([f"{runs}/latest", "--format", "json", "-o", str(tmp_path / "report.json")]) == 0
    assert json.loads((tmp_path / "report.json").read_text())["run"]["path"] == f"{runs}/latest"
    assert main(["--resume", f"{runs}/{run.name}"]) == 2  # finished


@pytest.mark.slow
def test_of_two_processes_the_first_alone_writes(runs: str, tmp_path: Path, options: Options) -> None:
    """Stopped, it goes on with two: the second process has no copy of the run, and takes over what the first one reads."""
    script = tmp_path / "script.py"
    script.write_text(COMMAND)
    torchrun = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", str(script)]
    process = start(words_of({**options(epochs=90, batch_size=9), "runs": runs}), *torchrun)
    there, end = tmp_path / "store" / "runs", time.monotonic() + 120
    while not list(there.glob("2*/epochs.jsonl")) or len(logged(there)) < 2:
        assert process.poll() is None and time.monotonic() < end
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=120)
    (run,) = there.glob("2*")
    assert read_run(f"{runs}/{run.name}").status == "interrupted"
    assert not list((tmp_path / "state").rglob("run.json"))
    resumed = start(["--resume", f"{runs}/{run.name}"], *torchrun)
    printed, told = resumed.communicate(timeout=300)
    assert resumed.returncode == 0, told
    assert [epoch["epoch"] for epoch in logged(there)] == list(range(1, 91))
    assert printed.split() == [f"{runs}/{run.name}"]
    assert len(list((run / "writers").iterdir())) == 2  # one of them wrote, each time


def test_a_folder_of_runs_is_listed(runs: str, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    for name in ("first", "second"):
        with RunWriter(runs, name=name, classes=["a", "b"]) as run:
            run.log_epoch(val={"loss": 1.0, "accuracy": 0.5})
    assert report.main([runs, "--format", "json", "-o", str(tmp_path / "index.json")]) == 0
    index = json.loads((tmp_path / "index.json").read_text())
    assert {run["name"] for run in index["runs"]} == {"first", "second"} and index["path"] == runs
    assert all(run["path"].startswith(f"{runs}/2") and not run["error"] for run in index["runs"])
    assert report.main([f"{runs}/latest"]) == 0
    assert "second" in capsys.readouterr().out


@pytest.mark.parametrize(
    "words", [["cv", "--data", "digits"], ["try", "report.json"], ["search", "--over", "lr", "--data", "digits"]]
)
def test_experiments_need_a_file_system(
    words: list[str], runs: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if words[0] == "search":
        pytest.importorskip("optuna")
    monkeypatch.chdir(tmp_path)
    advice = [{"action": "ema", "status": "suggested", "patch": {"ema": 0.9}, "reason": ""}]
    about = {"id": "r", "path": "runs/r", "name": "r", "config": {"data": "digits"}}
    Path("report.json").write_text(json.dumps({"run": about, "recommendations": advice}))
    assert main([*words, "--runs", runs]) == 2
    assert "give --runs a folder that all workers reach" in capsys.readouterr().err
    assert not (tmp_path / "store").exists()


def test_a_run_that_is_not_there(runs: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--resume", f"{runs}/nothing"]) == 2
    assert f"{runs}/nothing is no run directory" in capsys.readouterr().err
