"""The tutorial runs as printed, in order, in an empty folder; only the epochs are fewer."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
TEXT = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")
SCRIPTS = {"dermai-report": "report", "dermai-train": "train"}


@pytest.fixture
def commands_on_path(tmp_path: Path) -> str:
    """A folder with the commands of this very checkout, first on the path."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for command, module in SCRIPTS.items():
        script = folder / command
        script.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -m dermai_report.cli.{module} "$@"\n')
        script.chmod(0o755)
    return f"{folder}{os.pathsep}{os.environ['PATH']}"


@pytest.mark.slow
def test_every_command_of_the_tutorial_runs(tmp_path: Path, commands_on_path: str) -> None:
    blocks = re.findall(r"^```sh\n(.*?)^```", TEXT, flags=re.S | re.M)
    assert len(blocks) >= 5
    script = "\n".join(blocks)
    assert "--epochs 8" in script
    place = tmp_path / "here"
    place.mkdir()
    done = subprocess.run(
        ["sh", "-e", "-c", script.replace("--epochs 8", "--epochs 1")],
        cwd=place,
        env={**os.environ, "PATH": commands_on_path, "XDG_CACHE_HOME": str(tmp_path / "cache")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert len(list(place.glob("report/*/report.html"))) >= 1
    assert "second" in done.stdout


def test_the_documentation_builds_without_a_warning(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", "--fail-on-warning", "--quiet", str(ROOT / "docs"), str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    for page in ("tutorial", "rules", "run-format", "ci", "api", "decisions/index"):
        assert (tmp_path / f"{page}.html").is_file()
