"""What an experiment shows: effects that are there are found, those that are not are not claimed, and every format says the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest

from dermai_report.cli.report import main
from dermai_report.experiment import judge
from dermai_report.renderers import render
from dermai_report.run import Data, Parent
from dermai_report.schemas import generated
from dermai_report.storage.experiment_files import FORMAT, Experiment, Trial, write_experiment
from dermai_report.storage.run_directory import RunWriter

CLASSES = ["measles", "eczema", "<b>other</b>"]
N = 300


def trial_run(
    folder: Path, trial: Trial, rng: np.random.Generator, labels: np.ndarray, margin: np.ndarray, sure: float
) -> None:
    """A finished run whose models are right where `margin` and the trial's own luck say so, `sure` of what they say."""
    with RunWriter(folder / trial.name, name=trial.name, classes=CLASSES, config=trial.config, seed=trial.seed,
                   data=Data(counts={"train": {"measles": 800}, "val": {"measles": 200}})) as run:  # fmt: skip
        for epoch in range(1, 5):
            loss = 1.2 - 0.1 * epoch + float(rng.normal(0, 0.01))
            run.log_epoch(train={"loss": loss}, val={"loss": loss, "accuracy": 0.6 + 0.05 * epoch}, lr=0.1, seconds=1.0)
        for split in ("val", "test"):
            drawn = margin + rng.normal(0, 0.5, len(labels)) > 0
            predicted = np.where(drawn, labels, (labels + 1) % 3)
            probabilities = np.full((len(labels), 3), (1 - sure) / 2)
            probabilities[np.arange(len(labels)), predicted] = sure
            samples = [f"{split}/{trial.fold or 0}/{i}" if split == "val" else f"test/{i}" for i in range(len(labels))]
            run.log_evaluation(split, labels=labels, probabilities=probabilities, samples=samples)


def experiment(folder: Path, kind: str, trials: list[Trial], **facts: Any) -> Path:
    write_experiment(
        folder,
        Experiment(format=FORMAT, id="x", name="tried", kind=kind, started="", command="c", trials=trials, **facts),  # type: ignore[arg-type]
    )
    return folder


@pytest.fixture(scope="module")
def tried(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`good` is right more often, `bad` less, `same` as often; of `same` two seeds of three have finished."""
    folder, rng = tmp_path_factory.mktemp("try"), np.random.default_rng(3)
    labels = rng.integers(0, 3, N)
    hard = rng.normal(0.8, 0.7, N)
    trials = []
    for name, shift in (("baseline", 0.0), ("good", 0.8), ("same", 0.0), ("bad", -0.8)):
        for seed in range(3):
            trials.append(Trial(name=f"{name}.seed-{seed}", config={}, seed=seed, actions=[] if name == "baseline" else [name]))
            if (name, seed) != ("same", 2):
                trial_run(folder, trials[-1], rng, labels, hard + shift, 0.8)
    patches = {"bad": {"lr": 1.0}, "good": {"ema": 0.9}, "same": {"dropout": 0.3}}
    parent = Parent(id="first", path="runs/first", actions=list(patches))
    return experiment(folder, "try", trials, seeds=[0, 1, 2], patches=patches, parent=parent)


@pytest.fixture(scope="module")
def folds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder, rng = tmp_path_factory.mktemp("cv"), np.random.default_rng(4)
    labels, hard = rng.integers(0, 3, N), rng.normal(0.8, 0.7, N)
    trials = [Trial(name=f"fold-{f}", config={}, seed=0, fold=f) for f in range(1, 6)]
    for trial in trials:
        trial_run(folder, trial, rng, labels, hard, 0.7)
    return experiment(folder, "cv", trials, folds=5, seeds=[0])


def test_effects_are_told_from_chance(tried: Path) -> None:
    report = judge(tried)
    verdicts = {e.name: e.verdict for e in report.effects}
    assert verdicts == {"good": "helps", "same": "unknown", "bad": "hurts"}
    good = report.effects[0]
    assert (good.name, good.seeds, good.n, good.expected) == ("good", 3, N, 2)
    assert good.loss is not None and good.loss_ci95 is not None and good.loss_ci95[1] < 0
    assert report.headline.startswith("good helps")
    assert any("1 waiting" in note for note in report.notes)
    assert not any("did not go on to all seeds" in note for note in report.notes)  # same waits for its third
    assert sum("is not corrected for" in note for note in report.notes) == (sum(len(a.checks) for a in report.predictions) > 1)
    order = next(a for a in report.answers if "order" in a.question)
    assert order.answer == "No"  # the first recommendation made it worse


def test_what_was_left_behind_is_said_to_rest_on_one_training(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    labels, hard = rng.integers(0, 3, 90), rng.normal(0.8, 0.7, 90)
    seeds = {"baseline": 2, "dropout": 2, "weight-decay": 1}
    trials = [
        Trial(name=f"{name}.seed-{seed}", config={}, seed=seed, actions=[name] if name != "baseline" else [])
        for name, n in seeds.items()
        for seed in range(n)
    ]
    for trial in trials:
        trial_run(tmp_path, trial, rng, labels, hard, 0.8)
    report = judge(experiment(tmp_path, "try", trials, seeds=[0, 1], patches={"dropout": {}, "weight-decay": {}}))
    (left,) = [note for note in report.notes if "did not go on to all seeds" in note]
    assert left.startswith("weight-decay did not")
    (many,) = [note for note in report.notes if "is not corrected for" in note]
    assert "4 were checked" in many


def test_no_effect_is_claimed_where_none_is(tmp_path: Path) -> None:
    """False claims over repeated experiments without any effect; Holm's correction holds the rate for all three together."""
    rng, claimed = np.random.default_rng(9), 0
    for repeat in range(20):
        labels, hard = rng.integers(0, 3, 120), rng.normal(0.8, 0.7, 120)
        trials = [
            Trial(name=f"{name}.seed-{seed}", config={}, seed=seed, actions=[name] if name != "baseline" else [])
            for name in ("baseline", "a", "b", "c")
            for seed in range(3)
        ]
        folder = tmp_path / str(repeat)
        for trial in trials:
            trial_run(folder, trial, rng, labels, hard, 0.8)
        report = judge(experiment(folder, "try", trials, seeds=[0, 1, 2], patches={"a": {}, "b": {}, "c": {}}))
        claimed += any(e.verdict != "unknown" for e in report.effects)
    assert claimed <= 3


def test_folds_are_one_score_with_an_interval(folds: Path) -> None:
    report = judge(folds)
    labels = {n.label: n for n in report.numbers}
    mean = labels["Mean test accuracy"]
    assert mean.ci95 is not None and mean.ci95[0] < float(mean.value or 0) < mean.ci95[1]
    assert labels["Ensemble, test accuracy"].value > mean.value  # type: ignore[operator]
    assert labels["Best epoch, median"].value == 4
    assert labels["Accuracy out of fold"].note == f"n {5 * N}"
    assert not any(t.id == "suspects" for t in report.tables)  # as many as models that are wrong this often suspect anyway
    assert "5 folds" in report.headline


def test_what_has_not_begun_has_no_verdict(tmp_path: Path) -> None:
    trial = Trial(name="baseline.seed-0", config={}, seed=0)
    for kind in ("try", "cv"):
        report = judge(experiment(tmp_path / kind, kind, [trial], seeds=[0]))
        assert "can be told yet" in report.headline
        assert report.answers[0].tone == "unknown"
        assert report.trials[0].status == "waiting"


@pytest.mark.parametrize("which", ["tried", "folds"])
def test_every_format_shows_it(
    which: str, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder: Path = request.getfixturevalue(which)
    monkeypatch.chdir(tmp_path)
    assert main([str(folder), "--format", "html,md,json,terminal"]) == 0
    place = tmp_path / "report" / "x"
    page, text = (place / "experiment.html").read_text(), (place / "experiment.md").read_text()
    report = judge(folder)
    assert "<script" not in page and "<b>other" not in page
    assert report.trials[0].name in page and report.trials[0].name in text
    told = json.loads((place / "experiment.json").read_text())
    jsonschema.validate(told, generated()["experiment.schema.json"])
    assert told["headline"] == report.headline
    assert report.headline.partition(":")[0][:30] in render(report, "terminal", width=100)
    assert len(render(report, "md", max_chars=3000)) <= 3000


def test_options_of_one_run_and_other_formats_are_refused(tried: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tried), "--fail-on", "error"]) == 2
    assert "for one run" in capsys.readouterr().err
    assert main([str(tried), "--format", "junit"]) == 2
    assert "cannot show an experiment" in capsys.readouterr().err
