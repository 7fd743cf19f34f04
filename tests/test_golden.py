"""The committed example is what the code makes today. `make golden` accepts a change; a failure leaves what came out in tmp_path."""

from pathlib import Path

import pytest

from dermai_report import diagnose, read_run
from dermai_report.settings import Settings

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.parametrize("suffix", ["html", "md", "json"])
def test_example_is_up_to_date(suffix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    report = diagnose(read_run("runs/resnet18-10-epochs"), Settings())
    made = report.save(tmp_path / f"report.{suffix}")
    committed = ROOT / "report" / "resnet18-10-epochs" / f"report.{suffix}"
    assert made.read_bytes() == committed.read_bytes(), f"what came out: {made}; accept it with: make golden"
