"""The study of recommendations: what is drawn and spoiled, what each arm chooses, and the arithmetic of its verdicts."""

from pathlib import Path

import msgspec
import numpy as np
import pytest

from benchmarks.recommendations import actions, arms, replay, study, table, verdicts
from benchmarks.recommendations.sources import Source, draw
from benchmarks.recommendations.troubles import HELD_OUT, TROUBLES, Trouble, few, imbalanced, taken_for_another, wrong_labels
from dermai_report import diagnose
from dermai_report.experiment.trials import Done
from dermai_report.measures.replicates import Mean
from dermai_report.storage.experiment_files import Trial
from dermai_report.train.config import TrainConfig
from tests import builders

DIGITS = Source("digits", "digits", side=32, train=5, val=2, test=3)
DEFAULTS = TrainConfig(data="photos").record()


def test_seeds_share_the_test_pictures_and_splits_share_none() -> None:
    one, two = draw(DIGITS, 1), draw(DIGITS, 2)
    assert (one["test"][0] == two["test"][0]).all()
    assert not (one["train"][0] == two["train"][0]).all()
    seen = {split: {picture.tobytes() for picture in images} for split, (images, _) in one.items()}
    assert {split: len(pictures) for split, pictures in seen.items()} == {"train": 50, "val": 20, "test": 30}
    assert not (seen["train"] & seen["test"] or seen["train"] & seen["val"] or seen["val"] & seen["test"])
    assert np.bincount(one["train"][1]).tolist() == [5] * 10


def test_the_troubles_are_as_large_as_they_say() -> None:
    labels, rng = np.repeat(np.arange(5), 30), np.random.default_rng(3)
    kept, noisy = wrong_labels(labels, rng)
    assert len(kept) == 150
    assert (noisy != labels).sum() == 45
    assert noisy.max() < 5
    kept, taken = taken_for_another(labels, rng)
    assert len(kept) == 150
    assert sorted(np.bincount(taken).tolist()) == [18, 30, 30, 30, 42]
    assert np.bincount(few(labels, rng)[1]).tolist() == [6] * 5
    counts = sorted(np.bincount(imbalanced(labels, rng)[1]).tolist())
    assert counts[0] == 2
    assert counts[-1] == 30


@pytest.mark.parametrize("trouble", [*TROUBLES.values(), *HELD_OUT.values()])
def test_every_trouble_is_a_configuration(trouble: Trouble) -> None:
    TrainConfig.from_mapping({"data": "photos", **trouble.config})


def test_the_first_recommendation_is_the_first_that_a_configuration_can_carry_out() -> None:
    found = diagnose(builders.run(config=DEFAULTS)).recommendations
    patched = msgspec.structs.replace(found[0], action="dropout", patch={"dropout": 0.3}, status="suggested")
    by_hand = msgspec.structs.replace(patched, action="cross-validation", patch={})
    there = msgspec.structs.replace(patched, action="weight-decay", patch={"weight_decay": 0.1}, status="already_on")
    assert arms.first([by_hand, there, patched]) == ("dropout", {"dropout": 0.3}, 2)
    assert arms.first([by_hand, there]) == (None, {}, None)


def test_arms_choose_what_applies() -> None:
    frozen = builders.run(config=DEFAULTS)
    full = builders.run(config={**DEFAULTS, "unfreeze": "full", "dropout": 0.5})
    assert arms.choices(frozen, [], "few/seed-1")["fixed"].action == "unfreeze-gradually"
    assert arms.choices(full, [], "few/seed-1")["fixed"].action == "early-stopping"
    assert "dropout" in arms.applicable(frozen)
    assert not {"unfreeze-gradually", "dropout", "fix-seed"} & set(arms.applicable(full))
    assert arms.applicable(frozen)["lower-learning-rate"] == {"lr": 0.0003}
    assert arms.applicable(frozen)["train-longer"] == {"epochs": 2 * len(frozen.epochs)}
    drawn = {arms.choices(frozen, [], f"few/seed-{seed}")["random"].action for seed in range(60)}
    assert drawn == set(arms.applicable(frozen))
    assert arms.choices(frozen, [], "few/seed-7") == arms.choices(frozen, [], "few/seed-7")


def done(seed: int, shift: float) -> Done:
    """A tested run: the pictures follow from nothing but their number, the loss from `shift`."""
    outcome = builders.predictions(np.random.default_rng(5), 200, shift=shift)
    return Done(
        Trial(name="t", config={}, seed=seed),
        builders.run(predictions={"test": outcome}, test=builders.evaluation(outcome, 4)),
    )


def test_an_effect_is_the_paired_difference_of_the_test_loss() -> None:
    surer = verdicts.effect([done(s, 6.0) for s in range(3)], [done(s, 1.0) for s in range(3)])
    assert surer.helps
    assert surer.sure == -1
    assert surer.fell == surer.seeds == 3
    assert surer.accuracy.value == 0
    assert 0 < surer.part < 1
    assert surer.cooled.value < 0
    back = verdicts.effect([done(s, 1.0) for s in range(3)], [done(s, 6.0) for s in range(3)])
    assert back.loss.value == pytest.approx(-surer.loss.value)
    assert back.sure == 1
    assert not back.helps
    failed = Done(Trial(name="t", config={}, seed=2), builders.run(status="failed"))
    with_failed = verdicts.effect([done(s, 6.0) for s in range(3)], [done(0, 1.0), done(1, 1.0), failed])
    assert with_failed.loss.value == pytest.approx(surer.loss.value * 2 / 3)
    assert (with_failed.seeds, with_failed.fell) == (3, 2)
    nothing = verdicts.effect([done(s, 1.0) for s in range(3)], [done(s, 1.0) for s in range(3)])
    assert not nothing.helps
    assert nothing.sure == 0


def test_a_share_counts_cases() -> None:
    def of(loss: float, half: float) -> verdicts.Effect:
        return verdicts.Effect(
            Mean(loss, (loss - half, loss + half), 4.0), Mean(loss + 0.15, None, 4.0), Mean(-loss, None, 4.0), -loss, 5, 0
        )

    found = verdicts.share({"a": of(-0.2, 0.1), "b": of(-0.1, 0.2), "c": of(0.0, 0.0), "d": of(0.3, 0.1)})
    assert (found.helped, found.n, found.sure, found.hurt) == (2, 4, 1, 1)
    assert found.ci95[0] < 0.5 < found.ci95[1]
    assert found.part.value == pytest.approx(0.0)
    assert (found.cooled, found.accuracy) == (1, 2)


@pytest.mark.slow
def test_a_tiny_case_is_carried_out_once_and_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(TROUBLES, "frozen", Trouble("tiny", config={"epochs": 1, "unfreeze": "head"}))
    monkeypatch.setattr(study, "weights", lambda work, idx: "none")
    given = (tmp_path, DIGITS, "frozen", 1, Path("none"), study.Wish("now"))
    study.one(*given)
    runs = sorted(tmp_path.glob("runs/*/*/*/[0-9]*/run.json"))
    chosen = table.read_choices(tmp_path, "now", [1])["digits.frozen"][1]
    assert len(runs) == len({study.name_of({}), *(study.name_of(choice.patch) for choice in chosen.values())})
    assert not list(tmp_path.glob("runs/**/*.pth"))
    times = [run.stat().st_mtime_ns for run in runs]
    study.one(*given)
    assert [run.stat().st_mtime_ns for run in runs] == times
    shown = table.columns(tmp_path, ["now"], [1])
    told = table.markdown(shown)
    assert list(shown) == ["first", "random", "fixed"]
    assert "| digits.frozen |" in told
    assert "unfreeze-gradually" in told
    table.write_rows(tmp_path, tmp_path / "runs.csv", "abc")
    assert (tmp_path / "runs.csv").read_text().count("\nabc,digits.frozen,1,") == len(runs)
    table.write_choices({"now": {"digits.frozen": {1: chosen}}}, tmp_path / "choices.csv", "abc")
    rows = (tmp_path / "choices.csv").read_text().splitlines()
    assert len(rows) == 1 + len(arms.ARMS)
    assert rows[1].startswith(f"abc,now,digits.frozen,1,first,{chosen['first'].action},")
    losses = {
        name: table.read_trial(tmp_path, "digits.frozen", 1, name)
        for name in ("baseline", study.name_of(chosen["first"].patch))
    }
    before, after = (done.run.test.loss for done in losses.values() if done and done.run.test)
    assert replay.replay(tmp_path, [1]) == {"digits.frozen": {1: (chosen["first"].action, pytest.approx(1 - after / before))}}
    assert replay.replay(tmp_path, [2]) == {}
    parts = actions.parts(tmp_path, [1])
    keys = "+".join(sorted(chosen["first"].patch))
    assert len(parts) == len(runs) - 1
    assert parts[keys]["digits.frozen"] == [pytest.approx(1 - after / before)]
