"""`dermai-data`: a subcommand is a file, its name the first word."""

from __future__ import annotations

from pathlib import Path

import pytest

from dermai_report import registry
from dermai_report.cli.data import COMMANDS, main


@pytest.mark.parametrize("name", registry.names(COMMANDS))
def test_every_command_has_help(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    assert name in capsys.readouterr().out
    with pytest.raises(SystemExit) as caught:
        main([name, "--help"])
    assert caught.value.code == 0
    assert f"usage: dermai-data {name}" in capsys.readouterr().out


def test_unknown_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lst", "--data", "x"]) == 2
    assert "did you mean 'list'?" in capsys.readouterr().err


def test_a_folder_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "--data", str(tmp_path / "absent")]) == 2
    assert "no such folder" in capsys.readouterr().err
