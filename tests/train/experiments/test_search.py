"""A search for continuous values: what may be searched, what is asked for, and that the best is confirmed where nothing was chosen."""

from __future__ import annotations

import builtins
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dermai_report.cli.train import main
from dermai_report.errors import DermaiError
from dermai_report.experiment import judge
from dermai_report.storage.experiment_files import Search, Space, Trial, read_experiment, run_of
from dermai_report.storage.run_reading import read_run_directory
from dermai_report.train import checkpoints
from dermai_report.train import config as configuration
from dermai_report.train.config import TrainConfig
from dermai_report.train.experiments import sampling, search
from dermai_report.train.experiments.engine import begin
from dermai_report.train.experiments.spaces import spaces_of
from dermai_report.train.experiments.trial import Outcome

Options = Callable[..., dict[str, Any]]
LR = {"lr": Space(low=1e-4, high=1e-1, log=True)}


@pytest.fixture(autouse=True)
def without_export(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoints, "export_last", lambda *args: None)


def words_of(values: dict[str, Any]) -> list[str]:
    return [word for key, value in values.items() for word in (f"--{key.replace('_', '-')}", str(value))]


def only(folder: Path) -> Path:
    (found,) = [p.parent for p in folder.glob("*/experiment.json") if p.parent.name != "latest"]
    return found


def test_usual_ranges_lie_within_those_of_their_keys() -> None:
    assert {"lr", "weight_decay", "dropout"} <= set(configuration.searchable())
    for key, space in configuration.searchable().items():
        assert TrainConfig.checked({key: float(space.low)}) and TrainConfig.checked({key: float(space.high)})
        assert space.low < space.high and (space.low > 0 or not space.log)


def test_ranges_are_the_usual_ones_or_given() -> None:
    config = TrainConfig(data="digits")
    spaces = spaces_of("lr:1e-4:0.01, weight-decay,dropout", config)
    assert spaces["lr"] == Space(low=1e-4, high=0.01, log=True, beyond=("low", "high"))
    assert spaces["weight_decay"].log
    assert spaces["dropout"].beyond == ("high",)  # nothing lies below 0


@pytest.mark.parametrize(
    ("wish", "message"),
    [
        ("lrr", "did you mean 'lr'"),
        ("schedule", "schedule cannot be searched: no range of continuous values (these can: dropout, lr"),
        ("val_fraction", "val_fraction cannot be searched"),
        ("lr,lr", "lr is named twice"),
        ("lr:fast:faster", "write lr:1e-05:0.1"),
        ("lr:0.1", "is no range"),
        ("lr:0.1:0.01", "the lower end comes first"),
        ("dropout:0:1", "dropout = 1.0 is out of range"),
        ("weight_decay:0:0.1", "start above 0"),
        ("swa_lr", "add --swa-start"),
        ("ema,swa_start", "one network"),
    ],
)
def test_wrong_wishes(wish: str, message: str) -> None:
    with pytest.raises(DermaiError) as caught:
        spaces_of(wish, TrainConfig(data="digits"))
    assert message in f"{caught.value.message} ({caught.value.hint})"


def test_values_follow_from_the_outcomes_and_the_seed_and_go_where_the_loss_is_low() -> None:
    spaces = {**LR, "dropout": Space(low=0, high=0.7)}
    told: list[tuple[dict[str, float], float]] = [({"lr": 5.0, "dropout": 0.0}, 1.0)]  # a baseline outside tells nothing
    for batch in range(10):
        asked = sampling.ask(spaces, told, 4, f"0/{batch}")
        assert asked == sampling.ask(spaces, told, 4, f"0/{batch}")
        assert all(1e-4 <= v["lr"] <= 1e-1 and 0 <= v["dropout"] <= 0.7 for v in asked)
        for values in asked:  # the lowest loss at lr 0.01; above 0.05 training fails
            failed = values["lr"] > 0.05
            told.append((values, float("inf") if failed else abs(values["lr"] / 0.01 - 1)))
    late = [abs(v["lr"] - 0.01) for v, _ in told[-12:]]
    early = [abs(v["lr"] - 0.01) for v, _ in told[1:9]]
    assert sorted(late)[6] < sorted(early)[4]
    assert asked != sampling.ask(spaces, told[:-4], 4, "1/9")


def test_without_optuna_the_extra_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    real = builtins.__import__

    def missing(name: str, *args: Any) -> Any:
        if name == "optuna":
            raise ModuleNotFoundError("No module named 'optuna'", name="optuna")
        return real(name, *args)

    monkeypatch.setattr(builtins, "__import__", missing)
    assert main(["search", "--data", "digits", "--over", "lr", "--runs", str(tmp_path / "runs")]) == 2
    assert "pip install 'dermai-report[search]'" in capsys.readouterr().err
    assert not (tmp_path / "runs").exists()


def planned(folder: Path, monkeypatch: pytest.MonkeyPatch, loss: Callable[[Trial], float]) -> list[list[str]]:
    """Carry out a search whose losses are given; returns the names of the trials, stage by stage."""
    stages: list[list[str]] = []

    def carry_on(folder: Path, trials: list[Trial]) -> list[Outcome]:
        stages.append([t.name for t in trials])
        return [Outcome(t.name, "finished") for t in trials]

    monkeypatch.setattr(search, "carry_on", carry_on)
    monkeypatch.setattr(search, "mean_loss", lambda folder, trials: sum(map(loss, trials)) / len(trials))
    search.carry_out(folder)
    return stages


def experiment(root: Path) -> Path:
    facts = {"config": {"data": "digits", "lr": 1e-4}, "seeds": [2, 3], "search": Search(over=LR, trials=10, batch=4)}
    return begin(root, "search", "s", [], ["x"], **facts)


def test_the_best_few_get_a_second_seed_and_the_winner_fresh_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = experiment(tmp_path)

    def loss(trial: Trial) -> float:
        """With the first seed the largest rate is best by luck; with the second the smallest of the finalists is."""
        return 100.0 if not trial.values else -trial.values["lr"] if trial.seed == 0 else 10 * trial.values["lr"]

    stages = planned(folder, monkeypatch, loss)
    done = read_experiment(folder)
    first = [t for t in done.trials if t.values and t.seed == 0]
    assert [len(stage) for stage in stages] == [1 + 4, 4, 2, 1 + 4, 4]
    best = sorted(first, key=lambda t: -t.values["lr"])[:4]
    assert stages[3] == ["baseline.seed-1", *(t.name.replace("seed-0", "seed-1") for t in best)]
    assert done.search is not None and f"{done.search.winner}.seed-0" == best[-1].name
    # Again, with the plan as it is: nothing is asked anew, and every stage is carried out as it was.
    monkeypatch.setattr(sampling, "ask", lambda *args: pytest.fail("asked again"))
    assert planned(folder, monkeypatch, lambda t: 0.0) == stages
    assert read_experiment(folder) == done


def test_where_the_baseline_is_the_best_nothing_is_confirmed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = experiment(tmp_path)
    stages = planned(folder, monkeypatch, lambda t: t.config["lr"])
    assert len(stages) == 4
    done = read_experiment(folder)
    assert done.search is not None and done.search.winner == "baseline"


def test_seeds_of_the_confirmation_are_fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = experiment(tmp_path)
    stages = planned(folder, monkeypatch, lambda t: abs(t.config["lr"] - 0.01))
    assert stages[-1] == ["baseline.seed-2", "found.seed-2", "baseline.seed-3", "found.seed-3"]
    done = read_experiment(folder)
    assert {t.seed for t in done.trials if t.stage < len(stages)} == {0, 1}
    found = next(t for t in done.trials if t.actions)
    assert found.config["lr"] == found.values["lr"]
    assert found.actions == [f"lr {found.values['lr']:g}"]


@pytest.mark.slow
def test_killed_and_resumed_or_with_two_jobs_it_is_the_same(
    tmp_path: Path, options: Options, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def words(place: str, *more: str) -> list[str]:
        values = words_of(options(runs=tmp_path / place, augment="none"))
        return ["search", "--over", "lr:1e-5:1e-2,dropout", "--trials", "2", "--batch", "1", "--seeds", "1", *more, *values]

    def weights(folder: Path) -> dict[str, bytes]:
        trials = read_experiment(folder).trials
        return {t.name: (run / checkpoints.BEST).read_bytes() for t in trials if (run := run_of(folder, t))}

    assert main(words("whole")) == 0
    whole = only(tmp_path / "whole")
    assert "trials finished" in capsys.readouterr().err
    first = read_experiment(whole)

    real, calls = search.carry_on, [0]

    def killed(folder: Path, trials: list[Trial]) -> list[Outcome]:
        calls[0] += 1
        if calls[0] == 2:
            real(folder, trials[:-1])
            raise KeyboardInterrupt
        return real(folder, trials)

    with monkeypatch.context() as patch:
        patch.setattr(search, "carry_on", killed)
        assert main(words("killed")) == 130
    half = only(tmp_path / "killed")
    assert judge(half).headline.startswith("The search goes on")
    assert main(["--resume", str(half)]) == 0
    assert main(words("two", "--jobs", "2")) == 0
    for folder in (half, only(tmp_path / "two")):
        assert [t.values for t in read_experiment(folder).trials] == [t.values for t in first.trials]
        assert read_experiment(folder).search == first.search
        assert weights(folder) == weights(whole)
    for trial in first.trials:
        run = run_of(whole, trial)
        assert run is not None
        assert {k: read_run_directory(run).config[k] for k in trial.values} == trial.values
    report = judge(whole)
    assert len(report.tables[-1].rows) == len(first.trials)
    assert json.loads(json.dumps({t.name: t.values for t in report.trials}))["trial-1.seed-0"] == first.trials[1].values


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["search", "--data", "digits"], "add --over"),
        (["search", "--over", "lr"], "no data was named"),
        (["search", "absent.json", "--over", "lr"], "cannot read absent.json"),
        (["search", "--data", "digits", "--over", "lr", "--trials", "0"], "range: >= 1"),
        (["search", "--data", "digits", "--over", "lr", "--batch", "0"], "range: >= 1"),
        (["search", "--data", "digits", "--over", "drop-out"], "did you mean 'dropout'"),
        (["search", "--data", "digits", "--over", "lr", "--runs", "s3://bucket/runs"], "is an address"),
        (["search", "--data", "digits", "--ovr", "lr"], "did you mean '--over'"),
    ],
)
def test_wrong_calls_end_with_2(
    words: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(words) == 2
    assert message in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
