"""What a search shows: the values tried, the winner's effect on fresh seeds alone, how much of its gain was luck, and ends of ranges."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import msgspec
import numpy as np
import pytest

from dermai_report.cli.report import main
from dermai_report.experiment import judge
from dermai_report.experiment.search import outcome, tables, words
from dermai_report.report import Answer, ExperimentReport, TrialFacts
from dermai_report.schemas import generated
from dermai_report.storage.experiment_files import FORMAT, Experiment, Search, Space, Trial, read_experiment, write_experiment
from tests.experiment.test_experiment import N, experiment, trial_run

OVER = {"lr": Space(low=1e-5, high=0.1, log=True, beyond=("low", "high")), "dropout": Space(low=0, high=0.7, beyond=("high",))}
SEEDS = [2, 3, 4]
BEST = {"lr": 0.09, "dropout": 0.0}


def trials() -> list[Trial]:
    """Six sets of values with seed 0, the best four and the baseline with seed 1, the winner with fresh seeds."""
    rng = np.random.default_rng(1)
    sets = [BEST, *({"lr": float(10 ** rng.uniform(-5, -1)), "dropout": float(rng.uniform(0, 0.7))} for _ in range(5))]
    named = {f"trial-{n}": values for n, values in enumerate(sets, start=1)}
    planned = [Trial(name="baseline.seed-0", config={}, seed=0)]
    planned += [Trial(name=f"{name}.seed-0", config={}, seed=0, values=values) for name, values in named.items()]
    planned += [Trial(name="baseline.seed-1", config={}, seed=1, stage=2)]
    planned += [Trial(name=f"trial-{n}.seed-1", config={}, seed=1, values=named[f"trial-{n}"], stage=2) for n in (1, 2, 3, 4)]
    for seed in SEEDS:
        planned += [Trial(name=f"baseline.seed-{seed}", config={}, seed=seed, stage=3)]
        planned += [
            Trial(name=f"found.seed-{seed}", config={}, seed=seed, stage=3, values=BEST, actions=["lr 0.09 and dropout 0"])
        ]
    return planned


def searched(folder: Path, gain: float, rng: np.random.Generator) -> Path:
    """A whole search whose winner is right more often by `gain` (0: as often) than all others."""
    labels, hard = rng.integers(0, 3, N), rng.normal(0.8, 0.7, N)
    planned = trials()
    for trial in planned:
        trial_run(folder, trial, rng, labels, hard + (gain if trial.values == BEST else 0.0), 0.8)
    search = Search(over=OVER, trials=6, batch=3, winner="trial-1")
    return experiment(folder, "search", planned, seeds=SEEDS, search=search)


@pytest.fixture(scope="module")
def helped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return searched(tmp_path_factory.mktemp("search"), 0.8, np.random.default_rng(5))


def answer(report: ExperimentReport, question: str) -> Answer:
    return next(a for a in report.answers if question in a.question)


def test_an_effect_that_is_there_is_found_on_fresh_seeds(helped: Path) -> None:
    report = judge(helped)
    (effect,) = report.effects
    assert (effect.name, effect.verdict, effect.seeds) == ("lr 0.09 and dropout 0", "helps", len(SEEDS))
    assert report.headline.startswith("lr 0.09 and dropout 0, the best of 6 trials, helps on fresh seeds: test loss lower by")
    assert answer(report, "fresh seeds").answer == "Yes"
    assert answer(report, "next").answer == "Train with --lr 0.09 --dropout 0"
    wide = answer(report, "wide enough")
    assert wide.tone == "warning" and "--over lr:1e-05:1" in wide.detail
    assert "dropout" not in wide.detail  # at the end beyond which there is nothing
    tried = next(t for t in report.tables if t.id == "tried")
    assert tried.columns == ["Trial", "lr", "dropout", "Validation loss", "Against the baseline", "Over all seeds"]
    assert len(tried.rows) == 6
    assert "Recommended as" not in next(t for t in report.tables if t.id == "effects").columns
    assert [c.id for c in report.charts] == ["effect-loss", "effect-accuracy", "over-lr", "over-dropout"]


def test_the_best_of_many_equals_is_not_claimed_to_help(tmp_path: Path) -> None:
    """The seeds that chose the winner have no part in the verdict, so that it is wrong as seldom as any."""
    rng = np.random.default_rng(6)
    told = [judge(searched(tmp_path / str(n), 0.0, rng)) for n in range(8)]
    assert sum(r.effects[0].verdict != "unknown" for r in told) <= 1
    unclear = next(r for r in told if r.effects[0].verdict == "unknown")
    assert "cannot be told from chance on fresh seeds" in unclear.headline
    assert answer(unclear, "fresh seeds").tone == "unknown"
    assert answer(unclear, "next").answer == "Keep the baseline"


def test_luck_is_the_gain_that_fresh_seeds_do_not_show() -> None:
    """With the seeds that chose it the winner gains 0.5 nats, with fresh ones 0.1."""

    def fact(name: str, seed: int, loss: float, values: dict[str, float]) -> TrialFacts:
        return TrialFacts(name=f"{name}.seed-{seed}", status="finished", seed=seed, val_loss=loss, values=values)

    facts = [fact("baseline", seed, 1.0 + seed / 100, {}) for seed in range(5)]
    facts += [fact("trial-1", seed, 0.5 + seed / 100, BEST) for seed in (0, 1)]
    facts += [fact("found", seed, 0.9 + seed / 100 + (seed - 3) / 1000, BEST) for seed in SEEDS]
    search = Search(over=OVER, trials=1, batch=1, winner="trial-1")
    whole = Experiment(format=FORMAT, id="x", name="x", kind="search", started="", command="", trials=[], seeds=SEEDS)
    sought = outcome(search, whole, facts)
    assert sought.gained == pytest.approx(0.5)
    assert sought.over_seeds == {"trial-1": pytest.approx(-0.5)}
    assert sought.gained_fresh is not None and sought.gained_fresh.value == pytest.approx(0.1)


def test_a_trial_below_the_baseline_with_one_seed_alone_does_not_contradict_the_headline() -> None:
    def fact(name: str, seed: int, loss: float, values: dict[str, float]) -> TrialFacts:
        return TrialFacts(name=f"{name}.seed-{seed}", status="finished", seed=seed, val_loss=loss, values=values)

    facts = [fact("baseline", 0, 1.0, {}), fact("baseline", 1, 0.6, {})]
    facts += [fact("trial-1", 0, 0.9, BEST), fact("trial-1", 1, 0.8, BEST)]
    search = Search(over=OVER, trials=1, batch=1, winner="baseline")
    whole = Experiment(format=FORMAT, id="x", name="x", kind="search", started="", command="", trials=[], seeds=SEEDS)
    sought = outcome(search, whole, facts)
    assert "over the seeds of the search" in words(sought, [])[0]
    (tried,) = tables(sought)
    assert tried.columns[-2:] == ["Against the baseline", "Over all seeds"]
    assert [cell.value for cell in tried.rows[0][-2:]] == pytest.approx([-0.1, 0.05])


def test_what_is_not_over_is_not_told(helped: Path, tmp_path: Path) -> None:
    whole = read_experiment(helped)
    write_experiment(tmp_path, msgspec.structs.replace(whole, search=Search(over=OVER, trials=6, batch=3)))
    report = judge(tmp_path)
    assert report.headline == "The search goes on: 0 trials of 6 finished."
    assert report.answers[0].tone == "unknown"
    (tmp_path / "won").mkdir()
    baseline = Search(over=OVER, trials=6, batch=3, winner="baseline")
    write_experiment(tmp_path / "won", msgspec.structs.replace(whole, search=baseline))
    told = judge(tmp_path / "won")
    assert told.headline.startswith("None of") and answer(told, "next").answer == "Keep the baseline"


def test_without_a_test_set_nothing_is_confirmed(tmp_path: Path) -> None:
    folder = searched(tmp_path, 0.8, np.random.default_rng(7))
    for file in folder.rglob("test.json"):
        file.unlink()
    for file in folder.rglob("predictions/test.parquet"):
        file.unlink()
    report = judge(folder)
    assert report.headline.endswith("without a test set its effect cannot be told.")
    assert answer(report, "fresh seeds").tone == "unknown"
    assert answer(report, "next").answer == "Hold out a test set"


def test_every_format_shows_it(helped: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert main([str(helped), "--format", "html,md,json,terminal"]) == 0
    place = tmp_path / "report" / "x"
    for text in ((place / "experiment.html").read_text(), (place / "experiment.md").read_text()):
        assert "What was tried" in text and "How much of the gain was luck?" in text
    told = json.loads((place / "experiment.json").read_text())
    jsonschema.validate(told, generated()["experiment.schema.json"])
    assert told["trials"][1]["values"] == BEST
