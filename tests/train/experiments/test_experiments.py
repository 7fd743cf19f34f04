"""Experiments: planned, carried out, interrupted, resumed; the same on every backend that is installed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from dermai_report.cli.train import main
from dermai_report.datasets.folds import validate_by
from dermai_report.datasets.items import Item
from dermai_report.errors import DermaiError
from dermai_report.storage.experiment_files import Search, Space, Trial, read_experiment, run_of, status_of
from dermai_report.storage.run_reading import read_run_directory
from dermai_report.train import checkpoints
from dermai_report.train.config import TrainConfig
from dermai_report.train.experiments import halving, plan, sampling, search, stages
from dermai_report.train.experiments.engine import begin
from dermai_report.train.experiments.trial import Outcome

ROOT = Path(__file__).resolve().parents[3]
Options = Callable[..., dict[str, Any]]


@pytest.fixture(autouse=True)
def without_export(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoints, "export_last", lambda *args: None)


def words_of(values: dict[str, Any]) -> list[str]:
    return [word for key, value in values.items() for word in (f"--{key.replace('_', '-')}", str(value))]


def only(folder: Path) -> Path:
    """The one experiment below a folder of runs."""
    (found,) = [p.parent for p in folder.glob("*/experiment.json") if p.parent.name != "latest"]
    return found


def test_folds_divide_what_is_not_test_and_every_class() -> None:
    items = [
        Item(f"{split}/{label}/{n}", label, split) for split in ("train", "val", "test") for label in "ab" for n in range(7)
    ]
    folds = [validate_by(items, fold, 4, seed=3) for fold in (1, 2, 3, 4)]
    validated = [{i.sample for i in placed if i.split == "val"} for placed in folds]
    assert sorted(s for part in validated for s in part) == sorted(i.sample for i in items if i.split != "test")
    for placed in folds:
        assert {i.sample for i in placed if i.split == "test"} == {i.sample for i in items if i.split == "test"}
        for label in "ab":
            assert sum(i.split == "val" and i.label == label for i in placed) in (3, 4)
    assert validated[0] != {i.sample for i in validate_by(items, 1, 4, seed=4) if i.split == "val"}
    with pytest.raises(DermaiError, match="too few for 15 folds"):
        validate_by(items, 1, 15, seed=0)


def test_trials_share_the_test_set_and_seeds(tmp_path: Path) -> None:
    config = TrainConfig(data="digits", seed=7)
    trials = plan.cross_validation(config, 3, 2, threads=2)
    assert [t.name for t in trials] == [f"fold-{f}.seed-{s}" for s in (7, 8) for f in (1, 2, 3)]
    assert {t.config["split_seed"] for t in trials} == {7}
    assert {t.config["threads"] for t in trials} == {2}
    assert [t.name for t in plan.cross_validation(config, 1, 2, 1)] == ["seed-7", "seed-8"]
    tried = plan.comparison(config, {(): {}, ("dropout",): {"dropout": 0.3}, ("a", "b"): {"ema": 0.9}}, [7, 8], 1, 1)
    assert [t.name for t in tried][:3] == ["baseline.seed-7", "dropout.seed-7", "all-together.seed-7"]
    assert [t.actions for t in tried][:3] == [[], ["dropout"], ["a", "b"]]
    assert tried[1].config["dropout"] == 0.3


def test_cross_validation_from_the_command_line_and_resumed(tmp_path: Path, options: Options) -> None:
    values = options(epochs=1)
    assert main(["cv", "--folds", "2", *words_of(values)]) == 0
    folder = only(tmp_path / "runs")
    experiment = read_experiment(folder)
    assert (experiment.kind, experiment.folds, len(experiment.trials)) == ("cv", 2, 2)
    runs = [run_of(folder, t) for t in experiment.trials]
    before = [(r, (r / "run.json").read_bytes()) for r in runs if r]
    sizes = [sum(read_run_directory(r).data.counts["val"].values()) for r, _ in before]
    assert sizes == [15, 15]
    (runs[1] / "run.json").write_text((runs[1] / "run.json").read_text().replace('"finished"', '"running"', 1))  # type: ignore[operator]
    assert main(["--resume", str(folder)]) == 0
    assert before[0][1] == (before[0][0] / "run.json").read_bytes()
    assert [status_of(folder, t) for t in experiment.trials] == ["finished", "finished"]
    assert len(read_run_directory(before[1][0]).epochs) == 1


def report_on(path: Path, config: dict[str, Any], patches: dict[str, dict[str, Any]]) -> Path:
    advice = [{"action": a, "status": "suggested", "patch": p, "reason": ""} for a, p in patches.items()]
    path.write_text(
        json.dumps({"run": {"id": "r", "path": "runs/r", "name": "r", "config": config}, "recommendations": advice})
    )
    return path


def test_recommendations_are_tried_alone_and_together(tmp_path: Path, options: Options, capsys: pytest.CaptureFixture) -> None:
    path = report_on(tmp_path / "report.json", options(), {"dropout": {"dropout": 0.3}, "ema": {"ema": 0.9}})
    assert main(["try", str(path), "--seeds", "2"]) == 0
    folder = only(tmp_path / "runs")
    experiment = read_experiment(folder)
    assert experiment.parent is not None
    assert experiment.parent.actions == ["dropout", "ema"]
    expected = ["baseline", "dropout", "ema"] * 2 + ["all-together"] * 2
    assert [t.name.partition(".")[0] for t in experiment.trials] == expected
    last = read_run_directory(run_of(folder, experiment.trials[-1]) or Path())
    assert (last.config["dropout"], last.config["ema"], last.seed) == (0.3, 0.9, 1)
    assert last.parent == experiment.parent
    assert "8 of 8 trials finished" in capsys.readouterr().err


def test_with_many_recommendations_the_better_half_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The losses are given: action n reaches 1 - n / 10."""
    trained: list[list[str]] = []

    def carry_on(folder: Path, trials: list[Trial]) -> list[Outcome]:
        trained.append([t.name for t in trials])
        return [Outcome(t.name, "finished") for t in trials]

    monkeypatch.setattr(halving, "carry_on", carry_on)
    monkeypatch.setattr(halving, "mean_loss", lambda folder, trials: 1 - int(trials[0].actions[0][1:]) / 10)
    patches = {f"a{n}": {"lr": n / 10} for n in range(1, 10)}
    folder = begin(tmp_path, "try", "t", [], ["x"], config={"data": "digits"}, seeds=[0, 1, 2], patches=patches)
    halving.carry_out(folder)
    assert [len(stage) for stage in trained] == [10, 10]
    assert trained[1] == [f"{n}.seed-{s}" for s in (1, 2) for n in ("baseline", "a6", "a7", "a8", "a9")]
    assert len(read_experiment(folder).trials) == 20


@pytest.mark.parametrize("kind", ["cv", "try", "search"])
def test_two_processes_do_not_work_on_one_experiment(kind: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second is refused in every stage, and leaves the plan as it is: experiment.json is another file from stage to stage."""
    asked = []

    def carry_on(folder: Path, trials: Any) -> list[Outcome]:
        plan_of_first = (folder / "experiment.json").read_bytes()
        with pytest.raises(DermaiError, match="is still being worked on"):
            stages.carry_out(folder)
        assert (folder / "experiment.json").read_bytes() == plan_of_first
        asked.append(len(trials))
        return [Outcome(t.name, "finished") for t in trials]

    for module in (halving, search, stages):
        monkeypatch.setattr(module, "carry_on", carry_on)
    monkeypatch.setattr(halving, "mean_loss", lambda folder, trials: 1.0)
    monkeypatch.setattr(search, "mean_loss", lambda folder, trials: 1.0 + len(trials[0].values))
    monkeypatch.setattr(sampling, "ask", lambda over, told, n, seed: [{"lr": 1e-3 * (1 + len(told))}] * n)
    facts: dict[str, Any] = {
        "cv": {},
        "try": {"patches": {f"a{n}": {"lr": n / 10} for n in range(1, 7)}},
        "search": {"search": Search(over={"lr": Space(low=1e-4, high=1e-2, log=True)}, trials=2, batch=1)},
    }[kind]
    config = TrainConfig(data="digits")
    trials = plan.cross_validation(config, 2, 1, 1) if kind == "cv" else []
    folder = begin(tmp_path, kind, "t", trials, ["x"], config=config.record(), seeds=[0, 1], **facts)
    stages.carry_out(folder)
    assert len(asked) == {"cv": 1, "try": 2, "search": 3}[kind]


def test_contradicting_patches_are_merged_in_order() -> None:
    merged, names = halving.merge({"a": {"lr": 1.0}, "b": {"lr": 2.0, "ema": 0.5}, "c": {"ema": 0.9}})
    assert (merged, names) == ({"lr": 1.0, "ema": 0.9}, ["a", "c"])


def test_named_recommendations_are_tried_in_the_order_of_the_report(tmp_path: Path, options: Options) -> None:
    path = report_on(tmp_path / "report.json", options(), {"dropout": {"dropout": 0.3}, "ema": {"ema": 0.9}})
    assert main(["try", f"{path}:ema,dropout", "--seeds", "1", "--epochs", "1"]) == 0
    experiment = read_experiment(only(tmp_path / "runs"))
    assert experiment.parent is not None
    assert experiment.parent.actions == ["dropout", "ema"]


def test_a_trial_that_fails_leaves_the_others(tmp_path: Path, options: Options, capsys: pytest.CaptureFixture) -> None:
    path = report_on(tmp_path / "report.json", options(optimizer="sgd"), {"worse": {"lr": 100.0}, "ema": {"ema": 0.9}})
    status = main(["try", f"{path}:worse", "--seeds", "1", "--epochs", "3"])
    told = capsys.readouterr().err
    assert status == 0
    assert "of 2 trials finished" in told
    assert "baseline.seed-0: best epoch" in told or "epoch 3/3" in told


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["cv", "--folds", "1", "--data", "digits"], "are a single run"),
        (["cv", "--folds", "0", "--data", "digits"], "range: >= 1"),
        (["cv", "--data", "digits", "--backend", "rya"], "did you mean 'ray'"),
        (["cv", "--data", "digits", "--address", "x:1"], "add --backend"),
        (["cv"], "no data was named"),
        (["try", "absent.json"], "cannot read absent.json"),
        (["--data", "digits", "--fold", "2"], "give both"),
        (["--data", "digits", "--folds", "3", "--fold", "4"], "give both"),
    ],
)
def test_wrong_calls_end_with_2(
    words: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(words) == 2
    assert message in capsys.readouterr().err


def installed() -> set[str]:
    """The clusters' engines that are installed, whether or not they can be imported: a broken one is to fail."""
    return {name for name, package in {"dask": "distributed", "ray": "ray"}.items() if find_spec(package)}


@pytest.mark.parametrize("backend", ["loky", "dask", "ray"])
@pytest.mark.slow
def test_every_backend_gives_the_same(backend: str, tmp_path: Path, options: Options) -> None:
    """Another process starts the workers: the engines' own warnings are not ours."""
    if backend not in ("loky", *installed()):
        pytest.skip(f"{backend} is not installed")
    weights = []
    for place, words in (("here", []), (backend, ["--jobs", "2", "--backend", backend])):
        values = words_of(options(epochs=2, runs=tmp_path / place))
        command = [sys.executable, "-m", "dermai_report.cli.train", "cv", "--folds", "2", *words, *values]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path, env=environment, timeout=600)
        assert done.returncode == 0, done.stderr
        folder = only(tmp_path / place)
        runs = [run_of(folder, t) for t in read_experiment(folder).trials]
        weights.append([(r / checkpoints.BEST).read_bytes() for r in runs if r])
    assert weights[0] == weights[1]
