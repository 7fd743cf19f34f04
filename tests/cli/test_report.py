"""The command as typed: what it prints, writes, and how it ends."""

import json
import shutil
from pathlib import Path

import pytest

from dermai_report.cli.report import main
from tests.builders import PUBLISHED

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(PUBLISHED, tmp_path / "runs" / PUBLISHED.name)
    (tmp_path / "runs" / "latest").symlink_to(PUBLISHED.name)
    return tmp_path


@pytest.mark.parametrize(("name", "suffix"), [("html", "html"), ("md", "md"), ("json", "json")])
def test_default_place_is_named_on_stdout(here: Path, capsys: Captured, name: str, suffix: str) -> None:
    assert main(["runs/latest", "--format", name]) == 0
    said = capsys.readouterr().out.strip()
    assert said == f"report/resnet18-10-epochs/report.{suffix}"
    assert "0.7892" in (here / said).read_text()


def test_terminal_writes_nothing(here: Path, capsys: Captured) -> None:
    assert main(["runs/latest"]) == 0
    said = capsys.readouterr().out
    assert "Epoch 9" in said
    assert "dermai-report" in said
    assert not (here / "report").exists()


def test_standard_output(here: Path, capsys: Captured) -> None:
    assert main(["runs/latest", "--format", "json", "-o", "-"]) == 0
    assert json.loads(capsys.readouterr().out)["best_epoch"]["epoch"] == 9
    assert main(["runs/latest", "-o", "-"]) == 0
    assert "Epoch 9" in capsys.readouterr().out
    assert not (here / "report").exists()


def test_output_file_folder_and_ending(here: Path, capsys: Captured) -> None:
    assert main(["runs/latest", "-o", "out/x.md"]) == 0
    assert main(["runs/latest", "--format", "html,json", "-o", "both/"]) == 0
    assert (here / "out" / "x.md").read_text().strip()
    assert {p.name for p in (here / "both").iterdir()} == {"report.html", "report.json"}
    capsys.readouterr()


@pytest.mark.parametrize(
    ("arguments", "message", "hint"),
    [
        (["runs/lastest"], "there is nothing at runs/lastest", "resnet18-10-epochs"),
        (["runs"], "no known log format recognises runs", "name one of them"),
        (["runs/latest", "--format", "htlm"], "no output format 'htlm'", "did you mean 'html'"),
        (["runs/latest", "-o", "x.docx"], ".docx", "known"),
        (["runs/latest", "--source", "keras"], "no log format 'keras'", "run_directory"),
        (["runs/latest", "--format", "html,md", "-o", "-"], "one output", "name a folder"),
        (["explain", "overfiting"], "no rule 'overfiting'", "did you mean 'overfitting'"),
    ],
)
def test_bad_calls_say_what_to_do(here: Path, capsys: Captured, arguments: list[str], message: str, hint: str) -> None:
    assert main(arguments) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert message in said.err
    assert hint in said.err
    assert "Traceback" not in said.err
    assert not (here / "report").exists()


def test_unwritable_output_leaves_nothing(here: Path, capsys: Captured) -> None:
    (here / "report").write_text("a file where the folder should be")
    assert main(["runs/latest", "--format", "html"]) == 2
    assert "cannot write report/resnet18-10-epochs/report.html" in capsys.readouterr().err


def test_broken_line_is_named(here: Path, capsys: Captured) -> None:
    with (here / "runs" / PUBLISHED.name / "epochs.jsonl").open("a") as log:
        log.write("{broken}\n")
    assert main(["runs/latest"]) == 2
    assert "epochs.jsonl, line 11" in capsys.readouterr().err


def test_explain(capsys: Captured) -> None:
    assert main(["explain"]) == 0
    assert "overfitting" in capsys.readouterr().out
    assert main(["explain", "overfitting"]) == 0
    assert "When it is wrong:" in capsys.readouterr().out


def test_no_arguments_is_a_wrong_call(capsys: Captured) -> None:
    with pytest.raises(SystemExit) as caught:
        main([])
    assert caught.value.code == 2
    assert "RUN" in capsys.readouterr().err


def test_python_api(here: Path) -> None:
    from dermai_report import diagnose, read_run

    report = diagnose(read_run("runs/latest"))
    assert report.save("report.html").read_text().startswith("<!")
    assert report.overfitting["verdict"] == "provisional"
    assert report._repr_html_().startswith("<iframe")
