"""Many writers at once in one root: every run is whole and has a directory of its own, and `latest` always points to one of them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from dermai_report import DermaiError, read_run
from dermai_report.storage.run_places import below

WRITERS, RUNS = 4, 6
WRITE = """
import sys
from dermai_report import RunWriter
for _ in range(int(sys.argv[2])):
    with RunWriter(sys.argv[1], name="same", classes=["a", "b"], config={}) as run:
        for loss in (1.0, 0.9):
            run.log_epoch(val={"loss": loss}, val_samples=([loss, loss], [0, 1], [0, 1]))
        run.log_evaluation("test", labels=[0, 1], predicted=[0, 1])
"""


def test_processes_that_write_at_once_leave_whole_runs(tmp_path: Path) -> None:
    root = tmp_path / "runs"
    command = [sys.executable, "-c", WRITE, str(root), str(RUNS)]
    writers = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(WRITERS)]
    pointed = set()
    while any(writer.poll() is None for writer in writers):
        if (root / "latest").exists() or (root / "latest").is_symlink():
            pointed.add((root / "latest").resolve(strict=True).name)  # never one that is not there
            assert (root / "latest" / "run.json").is_file()
    for writer in writers:
        _, told = writer.communicate()
        assert writer.returncode == 0, told
    runs = [path for path in root.iterdir() if path.is_dir() and not path.is_symlink()]
    assert len(runs) == WRITERS * RUNS and len(pointed) > 1
    for path in runs:
        run = read_run(path)
        assert (run.status, len(run.epochs), run.id) == ("finished", 2, path.name)
        assert run.val_epochs is not None and run.test is not None
    assert {path.name for path in root.iterdir()} == {"latest", *(path.name for path in runs)}  # nothing left beside them
    assert (root / "latest").is_symlink()


def test_a_file_outside_of_its_folder(tmp_path: Path) -> None:
    assert below(tmp_path, tmp_path / "model" / "a.pth") == "model/a.pth"
    with pytest.raises(DermaiError, match="outside the run's directory"):
        below(tmp_path / "run", tmp_path / "a.pth")
