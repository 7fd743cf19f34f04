"""The gate as a pipeline meets it: the exit status, one line on stderr, and the files written all the same."""

import json
import shutil
from pathlib import Path

import pytest

from dermai_report.cli.report import main
from tests.builders import PUBLISHED

Captured = pytest.CaptureFixture[str]
RUN = f"runs/{PUBLISHED.name}"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(PUBLISHED, tmp_path / RUN)
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["--fail-on", "diverging, unfinished"], 0, "gate: pass (diverging, unfinished)\n"),
        (["--fail-on", "warning"], 1, "gate: fail (warning): 1 reason; 14 more cannot be told\n  no_test_predictions: "),
        (["--fail-on", "error"], 0, "gate: cannot tell (error): 5 reasons; it goes on, as strict was not asked for\n"),
        (["--fail-on", "error", "--strict"], 1, "gate: cannot tell (error): 5 reasons; it stops, as strict was asked for\n"),
        (
            ["--fail-on", "overfitting"],
            0,
            "overfitting: Overfitting is possible, not shown (info, very low confidence (0.11, calibrated))\n",
        ),
        (["--fail-on", "overfitting", "--min-confidence", "0.1"], 1, "gate: fail (overfitting): 1 reason\n"),
        (["--require", "test.accuracy >= 0.6"], 0, "test.accuracy >= 0.6: 0.6905, of which no interval is known\n"),
        ([], 0, ""),
    ],
)
def test_the_answer_is_the_exit_status_and_a_line(capsys: Captured, arguments: list[str], status: int, said: str) -> None:
    assert main([RUN, *arguments]) == status
    captured = capsys.readouterr()
    assert said in captured.err
    assert captured.err.count("gate:") == bool(said)
    assert "Epoch 9" in captured.out


def test_a_failing_gate_writes_every_format_first(here: Path, capsys: Captured) -> None:
    assert main([RUN, "--format", "html,md,json,junit,github", "--fail-on", "warning", "--key", "fold-1"]) == 1
    folder = here / "report" / PUBLISHED.name
    assert {p.name for p in folder.iterdir()} == {"report.html", "report.md", "report.json", "report.xml"}
    assert json.loads((folder / "report.json").read_text())["gate"]["outcome"] == "fail"
    assert (folder / "report.md").read_text().startswith("<!-- dermai-report: fold-1 -->\n")
    for page in ("report.md", "report.html"):
        assert "fail (warning): 1 reason" in (folder / page).read_text()
    assert "::error title=dermai-report gate::fail" in capsys.readouterr().out


def test_standard_output_is_gated_too(capsys: Captured) -> None:
    assert main([RUN, "--format", "json", "-o", "-", "--fail-on", "warning"]) == 1
    assert json.loads(capsys.readouterr().out)["gate"]["fail_on"] == ["warning"]


def test_the_project_says_what_fails_and_the_call_overrules_it(here: Path, capsys: Captured) -> None:
    (here / "pyproject.toml").write_text('[tool.dermai-report]\nfail-on = ["error"]\nstrict = true\n')
    assert main([RUN]) == 1
    assert main([RUN, "--no-strict"]) == 0
    assert main([RUN, "--fail-on", "diverging"]) == 0
    capsys.readouterr()


@pytest.mark.parametrize(
    ("arguments", "message", "hint"),
    [
        (["--fail-on", "overfiting"], "no severity or rule to fail on 'overfiting'", "did you mean 'overfitting'"),
        (["--fail-on", "error,"], "no severity or rule to fail on ''", "known"),
        (["--fail-on", ""], "--fail-on names nothing", "error"),
        (["--fail-on", "leakage", "--ignore", "leakage"], "select and ignore leave it out", "drop it"),
        (["--strict"], "nothing is asked that could fail", "--fail-on error"),
        (["--fail-on", "error", "--min-confidence", "2"], "no number from 0 to 1", "0.6"),
        (["--require", "test.per_class.nevus.f1 >= 0.5"], "no class 'nevus'", "known"),
        (["--format", "html", "--max-chars", "5000"], "--max-chars is of Markdown", "--format md"),
        (["--format", "md", "--max-chars", "20"], "no room for the verdict", "4,000"),
        (["--format", "html,md", "--key", "a b"], "cannot be the key", "letters"),
        (["--format", "github", "-o", "out/"], "github is printed, not written into a folder", "name a file"),
    ],
)
def test_bad_calls_write_nothing(here: Path, capsys: Captured, arguments: list[str], message: str, hint: str) -> None:
    manifest = here / RUN / "run.json"
    manifest.write_text(json.dumps({**json.loads(manifest.read_text()), "classes": ["acne", "eczema", "melanoma"]}))
    assert main([RUN, "--format", "html", *arguments]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert message in captured.err
    assert hint in captured.err
    assert {p.name for p in here.iterdir()} == {"runs"}


def test_the_size_of_markdown_is_kept_by_whole_sections(here: Path, capsys: Captured) -> None:
    assert main([RUN, "--format", "md", "--max-chars", "8000", "-o", "-"]) == 0
    text = capsys.readouterr().out
    assert len(text) <= 8000
    assert "**Left out** to stay within 8,000 characters: " in text
    assert "### What to do next" not in text


def test_help_says_what_the_exit_status_means(capsys: Captured) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    said = capsys.readouterr().out
    for words in (
        "exit status: 0 fine",
        "--fail-on",
        "--require",
        "--strict",
        "--min-confidence",
        "--max-chars",
        "junit",
        "github",
    ):
        assert words in said
