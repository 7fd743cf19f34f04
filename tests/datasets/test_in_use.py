"""A training shares its data folder; a change needs it alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from dermai_report import locks
from dermai_report.cli.data import main
from dermai_report.datasets.in_use import changing, reading
from dermai_report.errors import DermaiError

from .exclusion import trees


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "MOMENT", 0.02)


def test_trainings_share_and_changes_wait(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = trees.make(tmp_path, ("a", "b", "c"))
    before = trees.picture(root)
    with reading(root), reading(root):
        for words in (["exclude", "a"], ["keep", "a", "b"], ["restore", "--all"]):
            assert main([*words, "--data", str(root)]) == 2
            assert "in use by a running training" in capsys.readouterr().err
        assert main(["list", "--data", str(root)]) == 0
    assert trees.picture(root) == before
    assert main(["exclude", "a", "--data", str(root)]) == 0


def test_two_changes_at_once(tmp_path: Path) -> None:
    with changing(tmp_path), pytest.raises(DermaiError, match="another dermai-data is at work"), changing(tmp_path):
        pass


def test_a_folder_that_is_none_needs_no_lock(tmp_path: Path) -> None:
    with reading(tmp_path / "digits"):
        assert not (tmp_path / "digits").exists()
