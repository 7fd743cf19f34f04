"""Where `dermai-data audit` puts what it finds."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from dermai_report.cli.data import main

Made = Callable[[Mapping[str, int]], Path]


@pytest.fixture
def data(photos: Made, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    monkeypatch.chdir(tmp_path)
    return str(photos({"acne": 2, "rash": 2}))


def test_an_output_with_an_ending_is_a_file_in_that_format(data: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", data, "-o", "out/page.html"]) == 0
    assert capsys.readouterr().out == "out/page.html\n"
    assert [path.name for path in Path("out").iterdir()] == ["page.html"]
    assert Path("out/page.html").read_text().startswith("<!DOCTYPE html>")


def test_a_dash_is_standard_output_and_nothing_is_written(data: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", data, "-f", "json", "-o", "-"]) == 0
    assert capsys.readouterr().out.startswith("{")
    assert not Path("audit").exists()


def test_a_folder_gets_the_audit_and_each_page(data: str) -> None:
    assert main(["audit", data, "-f", "html,md", "-o", "found"]) == 0
    assert sorted(path.name for path in Path("found").iterdir()) == ["audit.html", "audit.json", "audit.md"]


@pytest.mark.parametrize(("options", "said"), [(["-f", "html,md", "-o", "a.html"], "2 formats"), (["-o", "a.pdf"], "pdf")])
def test_an_output_that_does_not_fit_is_refused(
    data: str, options: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["audit", data, *options]) == 2
    assert said in capsys.readouterr().err
    assert sorted(path.name for path in Path().iterdir()) == ["photos"]
