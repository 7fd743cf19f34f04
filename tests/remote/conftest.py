"""A store that needs no network, and a place of its own for what is written here first."""

from __future__ import annotations

from pathlib import Path

import pytest

from dermai_report.remote import lease, mirror
from tests import stores


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of a folder of runs; its objects are the files below tmp_path / "store"."""
    stores.register()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr(mirror, "PAUSES", (0.0,))
    monkeypatch.setattr(lease, "RENEWED", 0.05)
    return f"disk://{tmp_path}/store/runs"
