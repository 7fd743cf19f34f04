"""The documentation cannot lie: commands run, code runs, generated pages are up to date."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from dermai_report import registry
from dermai_report.cli import data, report, train

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def commands() -> list[str]:
    """Every command line of the README's shell blocks, without comments."""
    blocks = re.findall(r"```sh\n(.*?)```", README, flags=re.S)
    lines = [line.split("#")[0].strip() for block in blocks for line in block.splitlines()]
    return [line for line in lines if line]


def test_rules_page_is_up_to_date() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "docs" / "build.py"), "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def foreign_logs(place: Path) -> None:
    """The logs of other tools that the README names."""
    recorded = ROOT / "tests" / "sources" / "recorded"
    (place / "lightning_logs").mkdir()
    (place / "lightning_logs" / "version_3").symlink_to(recorded / "lightning_csv")
    (place / "results.csv").symlink_to(recorded / "ultralytics_csv" / "results.csv")
    (place / "test_predictions.csv").write_text("image,label,predicted\n1.png,cat,cat\n2.png,dog,cat\n3.png,dog,dog\n")
    (place / "log.csv").write_text("Valid Loss,acc,train_loss\n1.0,0.5,1.1\n0.9,0.6,0.8\n")


@pytest.mark.parametrize("line", [c for c in commands() if c.startswith("dermai-report")])
def test_report_commands_run(
    line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "runs").symlink_to(ROOT / "runs")
    (tmp_path / "runs-own").mkdir()
    foreign_logs(tmp_path)
    monkeypatch.chdir(tmp_path)
    words = [w.replace("runs/latest", "runs/resnet18-10-epochs") for w in shlex.split(line)[1:]]
    assert report.main(words) == 0
    assert capsys.readouterr().out


def test_train_commands_are_understood(capsys: pytest.CaptureFixture[str]) -> None:
    lines = [shlex.split(c)[1:] for c in commands() if c.startswith("dermai-train")]
    assert len(lines) >= 3
    for words in lines:
        command = words[:1] if words[0] in registry.names(train.COMMANDS) else []
        with pytest.raises(SystemExit) as caught:
            train.main([*command, "--help"])
        assert caught.value.code == 0
        known = capsys.readouterr().out
        for word in words:
            assert not word.startswith("--") or word in known


def test_data_commands_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One after the other, as printed."""
    monkeypatch.chdir(tmp_path)
    for label in ("measles", "eczema", "rash"):
        (tmp_path / "DIR" / label).mkdir(parents=True)
        for n in range(12):
            Image.new("RGB", (8, 8), (n, 20 * n, len(label))).save(tmp_path / "DIR" / label / f"patient{n // 2}_{n}.png")
    lines = [c for c in commands() if c.startswith("dermai-data") and "audit" not in c]
    assert len(lines) >= 5
    for line in lines:
        assert data.main(shlex.split(line)[1:]) == 0, line
    assert (tmp_path / "DIR" / "split.csv").is_file()
    assert not (tmp_path / "DIR" / ".excluded").exists()


def test_make_targets_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = {line.split(":")[0] for line in makefile.splitlines() if re.match(r"^[\w-]+:", line)}
    named = {words[1] for line in commands() if (words := line.split())[0] == "make"} | set(
        re.findall(r"`make ([\w-]+)`", README)
    )
    assert named <= targets


def test_readme_loop_and_api_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The Python blocks as printed, with numbers for the dots."""
    monkeypatch.chdir(tmp_path)
    loop, api = re.findall(r"```python\n(.*?)```", README, flags=re.S)
    loop = loop.replace('"loss": ...', '"loss": 1.0').replace('"accuracy": ...', '"accuracy": 0.5').replace("lr=...", "lr=0.1")
    names: dict = {
        "classes": ["a", "b"], "config": {}, "seed": 0, "epochs": 3, "labels": [0, 1], "probabilities": [[0.9, 0.1], [0.4, 0.6]],
        "paths": ["1.png", "2.png"],
    }  # fmt: skip
    exec(compile(loop, "README", "exec"), names)
    exec(compile(api, "README", "exec"), {})
    assert (tmp_path / "report.html").is_file()


def test_links_lead_somewhere() -> None:
    for page in (ROOT / "README.md", *(ROOT / "docs").rglob("*.md")):
        for target in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
            if "://" not in target:
                assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_the_project_speaks_of_itself_alone() -> None:
    words = re.compile("/wo" + r"rk/|pypi\.org|/ro" + "ot/")
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False).stdout.split()
    for name in listed:
        path = ROOT / name
        if path.is_file() and path.suffix in {".py", ".md", ".toml", ".txt", ".sh", ".j2", ".json", ".html", ".css"}:
            assert not words.search(path.read_text(encoding="utf-8")), name
