"""dermai-train: its exit statuses, what goes to which stream, and messages without tracebacks."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dermai_report import locks
from dermai_report.cli import data
from dermai_report.cli.train import main
from dermai_report.errors import DermaiError
from dermai_report.storage.run_directory import read_run_directory
from dermai_report.train import checkpoints, loop


def words(values: dict[str, Any]) -> list[str]:
    return [word for key, value in values.items() for word in (f"--{key.replace('_', '-')}", str(value))]


def test_results_to_stdout_messages_to_stderr(
    options: Callable[..., dict[str, Any]], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoints, "export_last", lambda *args: None)
    assert main([*words(options(epochs=2)), "--no-class-weights"]) == 0
    out, err = capsys.readouterr()
    run = read_run_directory(Path(out.strip()))
    assert len(out.splitlines()) == 1
    assert run.config["class_weights"] is False
    assert "epoch 1/2  train loss" in err
    assert "finished after 2 of 2 epochs" in err
    assert err.splitlines()[-1] == f"next: dermai-report {run.path} --format html"


def test_the_last_line_says_whose_test_accuracy_it_tells(
    options: Callable[..., dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words(options())) == 0
    assert re.search(r"; test accuracy \d", capsys.readouterr().err)
    assert main(words(options(tta=2))) == 0
    assert "; test accuracy of the averaged predictions " in capsys.readouterr().err


def test_the_command_line_overrules_the_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "c.toml").write_text(f'data = "{tmp_path}/absent"\n')
    assert main(["--config", str(tmp_path / "c.toml")]) == 2
    assert f"{tmp_path}/absent" in capsys.readouterr().err
    assert main(["--config", str(tmp_path / "c.toml"), "--data", f"{tmp_path}/other"]) == 2
    assert f"{tmp_path}/other" in (told := capsys.readouterr().err)
    assert "no such folder" in told


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "no data was named"),
        (["--data", "digits", "--epoch", "3"], "did you mean '--epochs'"),
        (["--data", "digits", "--lr", "fast"], "lr = 'fast' is out of range"),
        (["--data", "digits", "--batch-size", "0"], ">= 1"),
        (["--data", "/nowhere"], "no such folder: /nowhere"),
        (["--data", "digits", "--model", "resnet19", "--weights", "none"], "did you mean"),
        (["--data", "digits", "--weights", "none", "--runs", "/proc/none"], "cannot write /proc/none"),
    ],
)
def test_wrong_calls(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert message in err
    assert err.startswith("dermai-train: ") or "held out" in err
    assert "Traceback" not in err


def test_a_closed_folder_is_no_traceback(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def closed(*_: object) -> None:
        raise PermissionError(13, "Permission denied", "photos")

    monkeypatch.setattr("dermai_report.cli.train.asked", closed)
    assert main(["--data", "photos"]) == 2
    assert capsys.readouterr().err == "dermai-train: photos: Permission denied\n"


def test_help_is_quick_and_loads_no_torch() -> None:
    code = (
        "import sys, resource\nfrom dermai_report.cli.train import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        "assert not {'torch', 'numpy', 'rich', 'PIL'} & set(sys.modules)\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_utime, file=sys.stderr)\n"
    )
    times = []
    for _ in range(3):
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={**os.environ, "COLUMNS": "100"}
        )
        times.append(float(done.stderr))
    assert "--layer-lr-decay" in done.stdout
    assert min(times) < 0.2


def test_the_classes_stay_where_they_are_while_it_trains(
    options: Callable[..., dict[str, Any]],
    split_folder: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    statuses = []

    def training(*args: Any) -> None:
        statuses.append(data.main(["exclude", "red", "--data", str(split_folder)]))
        raise DermaiError("enough")

    monkeypatch.setattr(loop, "train", training)
    monkeypatch.setattr(locks, "MOMENT", 0.02)
    assert main(words(options())) == 2
    assert statuses == [2]
    assert "in use by a running training" in capsys.readouterr().err
    assert data.main(["exclude", "red", "--data", str(split_folder)]) == 0
