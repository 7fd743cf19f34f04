"""A folder of runs, a line each."""

import json
import os
import re
import shutil
from pathlib import Path

import pytest

from dermai_report import RunWriter
from dermai_report.cli.report import main
from dermai_report.index import survey
from dermai_report.renderers import render
from dermai_report.report import Index
from dermai_report.run import Parent
from dermai_report.sources import runs_in
from dermai_report.storage.experiment_files import FORMAT, Experiment, Trial, experiments_in, write_experiment
from tests.builders import PUBLISHED


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """Two finished runs of one name, the published one, one still running, one broken, and what is no run."""
    folder = tmp_path / "runs"
    for accuracy in (0.5, 0.9):
        with RunWriter(folder, name="twin", classes=["a", "b"]) as run:
            for epoch in range(4):
                run.log_epoch(train={"loss": 1.0}, val={"loss": 1.0 - epoch / 10, "accuracy": accuracy})
            right = round(20 * accuracy)
            run.log_evaluation("test", labels=[0] * 20, predicted=[0] * right + [1] * (20 - right))
    shutil.copytree(PUBLISHED, folder / "published")
    (folder / "broken").mkdir()
    (folder / "broken" / "run.json").write_text("{")
    (folder / "no run").mkdir()
    (folder / "notes.txt").write_text("no run")
    return folder


def listed(runs: Path, reports: Path | None = None, beside: Path | None = None) -> Index:
    return survey(runs, runs_in(runs), reports or runs / "report", beside or runs)


def test_a_folder_that_may_not_be_looked_into_hides_no_run(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (runs / "closed").mkdir()
    access = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path).name != "closed" and access(path, mode))
    assert {"closed", "published"} <= {path.name for path in runs_in(runs)}
    assert "closed" in str(listed(runs))


def test_runs_are_found_and_links_and_other_things_are_not(runs: Path) -> None:
    names = [path.name for path in runs_in(runs)]
    assert len(names) == 4 and {"broken", "published"} <= set(names) and "latest" not in names
    assert runs_in(runs / "published") == [] and runs_in(runs / "nowhere") == [] and runs_in(runs / "no run") == []


def test_each_has_its_verdict_numbers_and_course(runs: Path) -> None:
    index = listed(runs)
    best = next(line for line in index.runs if line.test_accuracy == 0.9)
    assert best.verdict == "Ship epoch 4 of 4. Overfitting: cannot tell."
    assert best.test_accuracy_ci95 == pytest.approx((0.699, 0.982), abs=0.001)
    assert best.curve == pytest.approx([1.0, 0.9, 0.8, 0.7]) and best.best_at == 3
    assert "the highest test accuracy is that of twin, 90.00 % (95 % interval 69.9 to 98.2 %)" in index.headline
    assert any("flatters" in note for note in index.notes)
    published = next(line for line in index.runs if line.name == "resnet18-10-epochs")
    assert published.overfitting == "provisional" and published.test_accuracy_ci95 is None


def test_the_latest_stands_first(runs: Path) -> None:
    started = [line.started or "" for line in listed(runs).runs]
    assert started == sorted(started, reverse=True)


def test_one_that_cannot_be_read_is_listed_with_the_reason(runs: Path) -> None:
    index = listed(runs)
    (broken,) = [line for line in index.runs if line.error]
    assert broken.id == "broken" and "run.json" in (broken.error or "")
    assert any(note.startswith("1 run could not be read") for note in index.notes)


def test_links_lead_from_the_index_to_reports_that_are_there(runs: Path, tmp_path: Path) -> None:
    manifest = json.loads((PUBLISHED / "run.json").read_text())
    place = tmp_path / "report" / manifest["id"] / "report.md"
    place.parent.mkdir(parents=True)
    place.write_text("x")
    for beside, link in (
        (tmp_path / "report", f"{manifest['id']}/report.md"),
        (tmp_path, f"report/{manifest['id']}/report.md"),
    ):
        links = [line.report for line in listed(runs, tmp_path / "report", beside).runs]
        assert [link_ for link_ in links if link_] == [link]


def test_a_run_that_is_running_is_said_to_be(tmp_path: Path) -> None:
    with RunWriter(tmp_path, name="live", classes=["a", "b"]) as run:
        run.log_epoch(train={"loss": 1.0}, val={"loss": 1.0})
        index = listed(tmp_path)
    assert index.runs[0].status == "running" and any("still running" in note for note in index.notes)


def test_runs_over_different_classes_are_not_ranked(runs: Path) -> None:
    with RunWriter(runs, name="fewer classes", classes=["a"]) as run:
        run.log_epoch(train={"loss": 1.0}, val={"loss": 1.0, "accuracy": 1.0})
        run.log_evaluation("test", labels=[0] * 20, predicted=[0] * 20)
    index = listed(runs)
    assert "highest test accuracy is" not in index.headline and "over different classes" in index.headline
    assert any("on the classes they share" in note for note in index.notes)
    assert not any("flatters" in note for note in index.notes)


@pytest.fixture
def tried(runs: Path) -> Path:
    """An experiment beside the runs: its baseline has finished, the other trial has not begun."""
    trials = [
        Trial(name=f"{name}.seed-0", config={}, seed=0, actions=actions) for name, actions in (("a", []), ("b", ["dropout"]))
    ]
    with RunWriter(runs / "exp" / "a.seed-0", name="trial", classes=["a", "b"]) as run:
        run.log_epoch(train={"loss": 1.0}, val={"loss": 1.0})
    write_experiment(
        runs / "exp",
        Experiment(
            format=FORMAT,
            id="exp",
            name="tried",
            kind="try",
            started="2026-01-02T00:00:00Z",
            command="c",
            trials=trials,
            seeds=[0],
        ),
    )
    return runs


def test_experiments_are_listed_and_their_runs_are_not(tried: Path, tmp_path: Path) -> None:
    place = tmp_path / "report" / "exp" / "experiment.html"
    place.parent.mkdir(parents=True)
    place.write_text("x")
    (tried / "lost").mkdir()
    (tried / "lost" / "experiment.json").write_text("{")
    assert [path.name for path in experiments_in(tried)] == ["exp", "lost"]
    assert not {"exp", "lost"} & {path.name for path in runs_in(tried)}
    index = survey(tried, runs_in(tried), tmp_path / "report", tmp_path, experiments_in(tried))
    exp, lost = index.experiments
    assert (exp.name, exp.kind, exp.trials, exp.finished, exp.report) == ("tried", "try", 2, 1, "report/exp/experiment.html")
    assert "can be told yet" in exp.headline
    assert lost.error and "experiment.json" in lost.error
    assert index.headline.startswith("4 runs and 2 experiments in ") and len(index.runs) == 4
    for format in ("html", "md", "terminal"):
        text = render(index, format)
        assert "tried" in text and "1 of 2" in text and "Recommendations tried out" in text


def test_a_folder_of_experiments_alone_has_an_index(tried: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for path in runs_in(tried):
        shutil.rmtree(path)
    assert main([str(tried)]) == 0
    assert "1 experiment in " in " ".join(capsys.readouterr().out.split())  # whatever the width of the line


def test_a_run_made_from_another_says_from_which(tmp_path: Path) -> None:
    with RunWriter(tmp_path, name="first", classes=["a", "b"]) as first:
        first.log_epoch(train={"loss": 1.0}, val={"loss": 1.0})
    parent = Parent(id=first.path.name, path="x", actions=["dropout", "weight-decay"])
    for number in (parent, Parent(id="elsewhere", path="x", actions=["dropout"])):
        with RunWriter(tmp_path, name="second", classes=["a", "b"], parent=number) as run:
            run.log_epoch(train={"loss": 1.0}, val={"loss": 1.0})
    index = listed(tmp_path)
    assert {line.parent.id: line.parent_name for line in index.runs if line.parent} == {parent.id: "first", "elsewhere": None}
    assert any("PARENT RUN" in note for note in index.notes)
    for format in ("html", "md", "terminal"):
        text = " ".join(re.sub("<[^>]*>", "", render(index, format)).split())
        assert "from first" in text and "weight-decay" in text and "elsewhere" in text
