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
        (["runs", "--fail-on", "error"], "--fail-on is for one run, and a folder of them is given", "name one run"),
        (["runs", "--format", "junit"], "junit cannot show an index", "html, json, md, terminal"),
        (["runs/latest", "runs/resnet18-10-epochs"], "are one run", "name the baseline first"),
        (["runs/latest", "other", "--predictions", "x.csv"], "--predictions is for one run", "name one run"),
        (
            ["runs/latest", PUBLISHED.as_posix(), "--format", "html,github"],
            "github cannot show a comparison",
            "html, json, md, terminal",
        ),
        (["runs/latest", "tried"], "tried is an experiment, and runs are compared", "dermai-report tried"),
        (["runs/latest", "--format", "htlm"], "no output format 'htlm'", "did you mean 'html'"),
        (["runs/latest", "-o", "x.docx"], ".docx", "known"),
        (["runs/latest", "--source", "keras"], "no log format 'keras'", "did you mean 'keras_csv'"),
        (["runs/latest", "--format", "html,md", "-o", "-"], "one output", "name a folder"),
        (["runs/latest", "-o", "out/"], "out/ names a folder, and no format", "--format html,json,junit,md"),
        (["runs/latest", "-o", "runs"], "runs names a folder, and no format", "--format html,json,junit,md"),
        (["runs/latest", "-o", "out"], "out names a folder, and no format", "--format html,json,junit,md"),
        (["runs/latest", "-f", "terminal", "-o", "out/"], "terminal is printed, not written into a folder", "report.txt"),
        (["x" * 300], "cannot read xxx", "name a path that exists"),
        (["runs/latest", "-f", "md", "-o", "x" * 300], "File name too long", ""),
        (["/dev/null"], "/dev/null is neither a file nor a folder", "name the log"),
        (["nothing.csv"], "nothing.csv is an empty file", "name the log"),
        (["x\0y"], "no path has a zero byte", ""),
        (["runs/latest", "--select", "overfiting"], "no rule 'overfiting'", "did you mean 'overfitting'"),
        (["runs/latest", "--config", "nowhere.toml"], "there is no nowhere.toml", "name a TOML file"),
        (["explain", "overfiting"], "no rule 'overfiting'", "did you mean 'overfitting'"),
    ],
)
def test_bad_calls_say_what_to_do(here: Path, capsys: Captured, arguments: list[str], message: str, hint: str) -> None:
    (here / "nothing.csv").touch()
    (here / "tried").mkdir()
    (here / "tried" / "experiment.json").write_text("{}")
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


@pytest.mark.parametrize("name", ["../../up", "/abs", "..", ".", "", "a/b", "a\\b", "c:d", "x" * 300, "a\nb", " "])
def test_an_id_that_is_no_folder_name_is_not_used(here: Path, capsys: Captured, name: str) -> None:
    manifest = here / "runs" / PUBLISHED.name / "run.json"
    manifest.write_text(json.dumps({**json.loads(manifest.read_text()), "id": name}))
    assert main(["runs/latest", "-f", "json"]) == 0
    assert capsys.readouterr().out == "report/resnet18-10-epochs/report.json\n"
    assert sorted(p.name for p in here.iterdir()) == ["report", "runs"]


def test_terminal_among_the_formats_is_printed(here: Path, capsys: Captured) -> None:
    for output, folder in ((["-o", "o1"], "o1"), ([], f"report/{PUBLISHED.name}")):
        assert main(["runs/latest", "--format", "terminal,json,json", *output]) == 0
        said = capsys.readouterr().out
        assert "Epoch 9" in said
        assert said.endswith(f"{folder}/report.json\n")
        assert [p.name for p in (here / folder).iterdir()] == ["report.json"]
    assert main(["runs/latest", "-f", "terminal", "-o", "verdict.txt"]) == 0
    assert "Epoch 9" in (here / "verdict.txt").read_text()


def test_a_terminal_without_our_characters(here: Path) -> None:
    import os
    import subprocess
    import sys

    command = [sys.executable, "-m", "dermai_report.cli.report", "runs/latest"]
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONPATH": str(PUBLISHED.parent.parent)}
    done = subprocess.run(command, env=environment, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Epoch 9" in done.stdout.decode("ascii")
    page = subprocess.run([*command, "-f", "html", "-o", "-"], env=environment, capture_output=True, check=True)
    assert main(["runs/latest", "-f", "html", "-o", "page.html"]) == 0
    assert page.stdout == (here / "page.html").read_bytes()


@pytest.mark.parametrize("name", ["terminal", "html", "md", "json", "junit", "github"])
def test_times_and_rates_that_are_no_numbers_are_reported(here: Path, capsys: Captured, name: str) -> None:
    log = here / "runs" / PUBLISHED.name / "epochs.jsonl"
    lines = [json.loads(line) | {"seconds": "NaN", "lr": ["NaN"]} for line in log.read_text().splitlines()]
    log.write_text("\n".join(map(json.dumps, lines)))
    assert main(["runs/latest", "-f", name, "-o", "-"]) == 0
    assert "0.7892" in capsys.readouterr().out


def test_two_runs_are_compared_beside_the_report_of_the_second(here: Path, capsys: Captured) -> None:
    shutil.copytree(here / "runs" / PUBLISHED.name, here / "other")
    manifest = here / "other" / "run.json"
    manifest.write_text(json.dumps({**json.loads(manifest.read_text()), "id": "second", "name": "second"}))
    assert main(["runs/latest", "other"]) == 0
    assert "Cannot tell whether second is better than resnet18-10-epochs" in " ".join(capsys.readouterr().out.split())
    assert main(["runs/latest", "other", "--format", "html,md,json"]) == 0
    said = capsys.readouterr().out.split()
    assert said == [f"report/second/comparison.{suffix}" for suffix in ("html", "md", "json")]
    assert json.loads((here / said[2]).read_text())["format"] == "dermai-comparison/1"


def test_a_folder_of_runs_is_listed_with_links_to_the_reports(here: Path, capsys: Captured) -> None:
    assert main(["runs/latest", "--format", "html"]) == 0
    assert main(["runs", "--format", "html,md,json"]) == 0
    assert capsys.readouterr().out.split()[1:] == [f"report/index.{suffix}" for suffix in ("html", "md", "json")]
    assert '<a href="./resnet18-10-epochs/report.html">' in (here / "report" / "index.html").read_text()
    assert main(["runs", "-o", "list.html"]) == 0
    assert '<a href="./report/resnet18-10-epochs/report.html">' in (here / "list.html").read_text()
    capsys.readouterr()
    assert main(["runs"]) == 0
    assert "Ship epoch 9 of 10" in capsys.readouterr().out


def test_explain(capsys: Captured) -> None:
    assert main(["explain"]) == 0
    assert "overfitting" in capsys.readouterr().out
    assert main(["explain", "overfitting"]) == 0
    assert "When it is wrong:" in capsys.readouterr().out


@pytest.mark.parametrize(("words", "message"), [([], "RUN"), ([""], "no run is named")])
def test_no_run_is_a_wrong_call(capsys: Captured, words: list[str], message: str) -> None:
    with pytest.raises(SystemExit) as caught:
        main(words)
    assert caught.value.code == 2
    assert message in capsys.readouterr().err


def test_python_api(here: Path) -> None:
    from dermai_report import diagnose, read_run

    report = diagnose(read_run("runs/latest"))
    assert report.save("report.html").read_text().startswith("<!")
    assert report.overfitting["verdict"] == "provisional"
    assert report._repr_html_().startswith("<iframe")


def test_rules_can_be_chosen(here: Path, capsys: Captured) -> None:
    assert main(["runs/latest", "--select", "train_val_gap, overfitting", "--format", "json", "-o", "-"]) == 0
    assert {f["rule"] for f in json.loads(capsys.readouterr().out)["findings"]} == {"train_val_gap", "overfitting"}
    (here / "pyproject.toml").write_text('[tool.dermai-report]\nignore = ["single_split"]\n')
    assert main(["runs/latest", "--format", "json", "-o", "-"]) == 0
    assert "single_split" not in {f["rule"] for f in json.loads(capsys.readouterr().out)["findings"]}


def test_images_lie_beside_the_markdown(here: Path, capsys: Captured) -> None:
    assert main(["runs/latest", "--format", "md,html", "--images"]) == 0
    folder = here / "report" / "resnet18-10-epochs"
    names = {path.name for path in folder.glob("*.png")}
    assert "report-01-loss.png" in names
    assert all(f'src="{name}"' in (folder / "report.md").read_text() for name in names)
    assert "<img" not in (folder / "report.html").read_text()


@pytest.mark.parametrize("words", [["--format", "html"], [], ["--format", "md", "-o", "-"]])
def test_images_without_a_file_beside_which_to_lie_are_an_error(here: Path, capsys: Captured, words: list[str]) -> None:
    assert main(["runs/latest", "--images", *words]) == 2
    assert "add --format md" in capsys.readouterr().err
