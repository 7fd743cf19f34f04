"""Each rule: a run that must trigger it, and a near miss that must not."""

import math
from dataclasses import replace

import numpy as np
import pytest

from dermai_report import diagnose, read_run, registry
from dermai_report.audit import Audit, Image, Pair, Poor
from dermai_report.renderers import render
from dermai_report.run import Checkpoint, Data, EpochLog, Evaluation, Predictions, Run
from tests import builders

RNG = np.random.default_rng(0)
VAL = builders.losses(20)
RISING = [*builders.losses(10), *(builders.losses(10)[-1] * (1 + 0.06 * i) for i in range(1, 11))]


def with_test(shift: float = 1.0, n: int = 2000) -> Run:
    outcome = builders.predictions(np.random.default_rng(5), n, skill=2.0, shift=shift)
    return builders.run(test=builders.evaluation(outcome, 4), predictions={"test": outcome})


def curve(val: list[float], train: list[float] | None = None, **facts: object) -> Run:
    accuracy = [1 - v / 3 for v in val]
    return builders.run(epochs=builders.epochs(train or [v * 0.9 for v in val], val, accuracy, accuracy), **facts)


def noisy(sigma: float) -> list[float]:
    rng = np.random.default_rng(3)
    return [v * math.exp(rng.normal(0, sigma)) for v in builders.losses(20)]


def frozen(train_accuracy: float) -> Run:
    logs = builders.epochs([0.5] * 3, [0.6, 0.5, 0.4], [train_accuracy] * 3, [0.7] * 3)
    return builders.run(epochs=logs, config=builders.CONFIG)


def plateau(rates: list[float]) -> Run:
    return builders.run(epochs=builders.epochs(VAL[:6], VAL[:6], lr=rates))


def dropped(n: int) -> Run:
    data = Data(counts={"val": {"a": n}})
    return builders.run(
        epochs=builders.epochs([1.0], [1.0], [0.8], [0.8]), data=data, test=Evaluation(accuracy=0.74, n=n, epoch=1)
    )


def with_status(status: str) -> Run:
    return builders.run(status=status)


def fitted(train: float, val: float) -> Run:
    return builders.run(epochs=builders.epochs([0.9] * 3, [0.9, 0.8, 0.7], [train] * 3, [val] * 3))


def flat(rates: list[float]) -> Run:
    val = [*builders.losses(10)[:6], *(0.45 + 0.01 * (-1) ** i for i in range(14))]
    return builders.run(epochs=builders.epochs(val, val, lr=rates))


def chosen(skills: list[float]) -> Run:
    samples = builders.sample_epochs(np.random.default_rng(0), skills, n=150)
    curve, accuracy = samples.loss.mean(axis=1), (samples.predicted == samples.label).mean(axis=1)
    return builders.run(epochs=builders.epochs(curve, curve, accuracy, accuracy), val_epochs=samples)


def of_mix(n0: int, n1: int) -> Predictions:
    label = np.repeat([0, 1], [n0, n1]).astype(np.int32)
    wrong = np.concatenate([np.arange(n0) % 10 == 0, np.arange(n1) % 2 == 0])
    return Predictions(
        sample=[str(i) for i in range(n0 + n1)], label=label, predicted=np.where(wrong, 1 - label, label).astype(np.int32)
    )


def mixed(n0: int, n1: int) -> Run:
    test = of_mix(500, 500)
    return builders.run(
        classes=("a", "b"), predictions={"val": of_mix(n0, n1), "test": test}, test=builders.evaluation(test, 2)
    )


def relabelled(share: float) -> Run:
    rng = np.random.default_rng(8)
    outcome = builders.predictions(rng, 2000, skill=2.5)
    wrong = rng.random(2000) < share
    label = np.where(wrong, (outcome.label + 1) % 4, outcome.label).astype(np.int32)
    outcome = replace(outcome, label=label)
    return builders.run(test=builders.evaluation(outcome, 4), predictions={"test": outcome})


def trained_on(images: int) -> Run:
    return builders.run(config={"batch_size": 32}, data=Data(counts={"train": {"a": images, "b": images}}))


def shared(pairs: list[tuple[str, str]]) -> Run:
    return replace(with_test(n=200), data=Data(duplicates={"train-test": pairs}))


def audited(**facts) -> Run:
    return replace(with_test(n=200), audit=Audit(source="photos", n=1000, counts={}, **facts))


def picture(split: str, label: str = "a", number: int = 3) -> Image:
    return Image(sample=f"{split}/img{number}.jpg", label=label, split=split)


def copies(first: Image, second: Image) -> Pair:
    return Pair(first=first, second=second, kind="near duplicate", agreement=0.9)


WEAK = [[90, 5, 5], [5, 90, 5], [25, 25, 50]]
EVEN = [[90, 5, 5], [5, 90, 5], [6, 6, 88]]
PAIR = [[70, 28, 2], [6, 88, 6], [8, 6, 86]]
OVERLAP = [[70, 28, 2], [28, 70, 2], [10, 10, 80]]
SPREAD = [[90, 5, 5], [6, 90, 4], [5, 6, 89]]


def toned(right: int, n: int) -> Run:
    """400 light samples, 360 of them right, and n dark ones, `right` of them right."""
    hit = np.array([1] * 360 + [0] * 40 + [1] * right + [0] * (n - right))
    outcome = Predictions(
        sample=[str(i) for i in range(len(hit))],
        label=np.zeros(len(hit), np.int32),
        predicted=(1 - hit).astype(np.int32),
        columns={"tone": ["light"] * 400 + ["dark"] * n},
    )
    return builders.run(classes=("a", "b"), test=builders.evaluation(outcome, 2), predictions={"test": outcome})


CASES: dict[str, tuple[Run, Run]] = {
    "overfitting": (curve(RISING, VAL), curve(VAL)),
    "best_epoch_not_last": (curve([*VAL, VAL[-1] * 1.2]), curve(VAL)),
    "train_val_gap": (
        curve(VAL, [v - 0.02 * i for i, v in enumerate(VAL)]),
        curve(noisy(0.05), [v * math.exp(e) for v, e in zip(VAL, RNG.normal(0, 0.05, 20), strict=True)]),
    ),
    "frozen_too_much": (frozen(0.80), frozen(0.96)),
    "schedule_never_acted": (plateau([1e-3] * 6), plateau([1e-3] * 4 + [1e-4] * 2)),
    "unstable_validation": (curve(noisy(0.15)), curve(noisy(0.02))),
    "validation_to_test_drop": (dropped(1000), dropped(100)),
    "single_split": (curve(VAL, data=Data(counts={"val": {"a": 900}})), curve(VAL, data=Data(counts={"val": {"a": 20_000}}))),
    "no_test_predictions": (builders.run(test=Evaluation(accuracy=0.7)), with_test()),
    "weak_classes": (builders.from_confusion(WEAK), builders.from_confusion(EVEN)),
    "confused_pairs": (builders.from_confusion(PAIR), builders.from_confusion(SPREAD)),
    "class_imbalance": (
        builders.run(data=Data(counts={"train": {"a": 1000, "b": 99}})),
        builders.run(data=Data(counts={"train": {"a": 1000, "b": 120}})),
    ),
    "miscalibration": (with_test(shift=2.5), with_test(shift=1.0)),
    "no_better_than_majority": (builders.from_confusion([[80, 0], [18, 2]]), builders.from_confusion([[80, 0], [4, 16]])),
    "still_improving": (curve(VAL[:10]), curve([*VAL[:9], VAL[7]])),
    "few_updates": (trained_on(60), trained_on(2000)),
    "not_finite": (curve([1.0, math.nan, 0.5, 0.4, 0.4]), curve(VAL)),
    "log_integrity": (
        builders.run(epochs=tuple(e for e in builders.epochs(VAL, VAL) if e.epoch not in (3, 4, 9))),
        curve(VAL),
    ),
    "overconfidence": (
        builders.run(epochs=builders.epochs(VAL, RISING, [0.9] * 20, [0.8 + 0.002 * i for i in range(20)])),
        builders.run(epochs=builders.epochs(VAL, RISING, [0.9] * 20, [0.8 + 0.01 * min(i, 18 - i) for i in range(20)])),
    ),
    "underfitting": (fitted(0.70, 0.69), fitted(0.82, 0.69)),
    "checkpoint_not_best": (
        builders.run(checkpoints={"best": Checkpoint(file="model/m.pth", epoch=4, by="val_loss")}),
        builders.run(checkpoints={"best": Checkpoint(file="model/m.pth", epoch=10, by="val_loss")}),
    ),
    "wasted_epochs": (curve(RISING), curve(RISING[:12])),
    "diverging": (curve(VAL, RISING), curve(RISING, VAL)),
    "learning_rate_too_high": (curve(VAL, noisy(0.25)), curve(VAL, noisy(0.05))),
    "plateau_without_decay": (flat([1e-3] * 20), flat([1e-3] * 10 + [1e-4] * 10)),
    "selection_optimism": (chosen([1.0] * 20), chosen([0.2, 3.0])),
    "label_shift": (mixed(800, 200), mixed(510, 490)),
    "rare_classes": (builders.from_confusion([[90, 10], [1, 4]]), builders.from_confusion([[90, 10], [5, 95]])),
    "never_predicted": (builders.from_confusion([[90, 0], [9, 0]]), builders.from_confusion([[90, 0], [8, 1]])),
    "overlapping_classes": (builders.from_confusion(OVERLAP), builders.from_confusion(PAIR)),
    "suspected_label_noise": (relabelled(0.1), relabelled(0.0)),
    "excluded_classes": (
        builders.run(data=Data(counts={"train": {"a": 9}}, excluded={"b": {"train": 3, "val": 1}})),
        builders.run(data=Data(counts={"train": {"a": 9}})),
    ),
    "leakage": (shared([("train/a.jpg", "img3.jpg")]), shared([])),
    "weak_subgroups": (toned(60, 80), toned(66, 80)),
    "small_subgroups": (toned(10, 12), toned(70, 80)),
    "straddling_groups": (
        replace(with_test(n=200), data=Data(straddling={"train-test": ["patient 7"]})),
        replace(with_test(n=200), data=Data(straddling={})),
    ),
    "conflicting_copies": (
        audited(duplicates=[copies(picture("train"), picture("train", "b", 4))]),
        audited(duplicates=[copies(picture("train"), picture("test"))]),
    ),
    "low_information": (audited(poor=[Poor(image=picture("test"), why="dark", value=3.0)]), audited()),
    "small_test_set": (
        builders.run(test=Evaluation(accuracy=0.8, n=200, epoch=10)),
        builders.run(test=Evaluation(accuracy=0.8, n=2000, epoch=10)),
    ),
    "unfinished": (with_status("interrupted"), with_status("finished")),
    "reproducibility": (builders.run(seed=None), builders.run()),
}


def findings(run: Run, rule: str) -> list:
    return [f for f in diagnose(run).findings if f.rule == rule]


def test_every_rule_has_its_pair_of_runs() -> None:
    assert set(CASES) == set(registry.names("rules"))


@pytest.mark.parametrize("rule", sorted(CASES))
def test_fires(rule: str) -> None:
    found = findings(CASES[rule][0], rule)
    assert found
    for f in found:
        assert 0 < f.confidence <= 1
        assert f.message.endswith((".", "%)."))
        assert f.evidence


@pytest.mark.parametrize("rule", sorted(CASES))
def test_is_quiet_on_a_near_miss(rule: str) -> None:
    assert not findings(CASES[rule][1], rule)


def test_a_good_run_raises_no_alarm() -> None:
    outcome = builders.predictions(np.random.default_rng(7), 12_000, skill=2.5)
    right = float((outcome.label == outcome.predicted).mean())
    run = builders.run(
        test=builders.evaluation(outcome, 4, epoch=20), predictions={"test": outcome, "val": outcome},
        checkpoints={"best": Checkpoint(file="m.pth", epoch=20)},
        epochs=builders.epochs(VAL, VAL, [0.97] * 20, [right] * 20, lr=[1e-3] * 10 + [1e-4] * 10),
    )  # fmt: skip
    assert [f.rule for f in diagnose(run).findings if f.severity != "info"] == []


def test_drop_without_counts_says_what_is_needed() -> None:
    (finding,) = findings(read_run(builders.PUBLISHED), "validation_to_test_drop")
    assert "not logged" in finding.message
    assert finding.advice[0].action.id == "log-predictions"


def test_missing_epochs_are_named() -> None:
    (finding,) = findings(CASES["log_integrity"][0], "log_integrity")
    assert "3 to 4 and 9" in finding.message


def test_huge_epoch_number_is_no_burden() -> None:
    run = builders.run(epochs=(EpochLog(epoch=3_000_000_000, val={"loss": 1.0}),))
    assert "2,999,999,999 epochs missing" in findings(run, "log_integrity")[0].message


def test_weak_class_of_many_needs_the_correction() -> None:
    """One of thirty classes at p = .02 alone must not be called weak."""
    confusion = np.diag([40] * 30)
    confusion[0, 0], confusion[0, 1] = 36, 4
    for i in range(1, 30):
        confusion[i, i], confusion[i, (i + 1) % 30] = 39, 1
    assert not findings(builders.from_confusion(confusion.tolist()), "weak_classes")


def test_learning_rate_fits_the_run() -> None:
    (finding,) = findings(replace(CASES["unstable_validation"][0], config={"lr": 0.03}), "unstable_validation")
    lower = next(a for a in finding.advice if a.action.id == "lower-learning-rate")
    assert lower.action.patch == {"lr": 0.01}


def test_epoch_of_one_line() -> None:
    run = builders.run(epochs=(EpochLog(epoch=1, val={"loss": 1.0}),), test=None)
    assert diagnose(run).best_epoch is not None


def test_best_epoch_claims_no_more_than_the_data() -> None:
    logs = builders.epochs([0.9, 0.8, 0.7, 0.6, 0.5], [0.9, 0.7, 0.6, 0.65, 0.7], [0.7] * 5, [0.60, 0.66, 0.70, 0.75, 0.80])
    (disagree,) = findings(builders.run(epochs=logs, data=Data(counts={"val": {"a": 2000}})), "best_epoch_not_last")
    assert disagree.confidence == 0.4
    assert "By accuracy the last epoch is the better one" in disagree.message
    assert "cannot be told" in disagree.title
    samples = builders.sample_epochs(np.random.default_rng(2), [0.2, 1.0, 3.0, 1.0], n=400)
    curve, accuracy = samples.loss.mean(axis=1), (samples.predicted == samples.label).mean(axis=1)
    paired = builders.run(epochs=builders.epochs(curve, curve, accuracy, accuracy), val_epochs=samples)
    (told,) = findings(paired, "best_epoch_not_last")
    assert (told.confidence, told.title) == (0.95, "Epoch 3 is better than the last epoch, 4")


def test_a_last_epoch_that_was_not_validated_or_not_kept_is_not_told_apart() -> None:
    logs = builders.epochs([0.9, 0.8, 0.7, 0.6, 0.5, 0.4], [1.0, 0.9, 0.8, 0.7, 0.71, 0.7])
    (unseen,) = findings(builders.run(epochs=(*logs[:-1], replace(logs[-1], val={}))), "best_epoch_not_last")
    assert unseen.confidence == 0.4
    assert "The last epoch was not validated" in unseen.message
    samples = builders.sample_epochs(np.random.default_rng(0), [0.5, 1.0, 1.5, 1.4, 1.3], n=100)
    curve = [*samples.loss.mean(axis=1), float(samples.loss.mean(axis=1).min()) + 1e-4]
    (killed,) = findings(builders.run(epochs=builders.epochs(curve, curve), val_epochs=samples), "best_epoch_not_last")
    assert killed.confidence < 0.5
    assert "tell the two apart" not in killed.message


def test_a_gap_counts_the_epochs_it_was_seen_in() -> None:
    rng, said = np.random.default_rng(0), []
    for missing in ([], [12, 13, 15, 17, 18]):
        train = 0.5 + 0.01 * rng.normal(size=20)
        val = train + 0.004 * rng.normal(size=20) + np.where(np.arange(20) < 12, -0.02, 0.2)
        val[missing] = np.nan
        (finding,) = findings(builders.run(epochs=builders.epochs(train, val)), "train_val_gap")
        assert finding.evidence["loss_onset_epoch"] == 13
        said.append(round(finding.confidence, 2))
    assert said == [0.98, 0.94]


def test_missing_data_is_no_evidence_for_change() -> None:
    report = diagnose(read_run(builders.PUBLISHED))
    strength = {r.action: r.strength for r in report.recommendations}
    assert strength["log-predictions"] > 3 * strength["check-labels"]
    assert strength["balance-classes"] < 0.05


def test_a_hair_of_a_gap_is_hardly_a_reason() -> None:
    train = [v - 0.02 * i for i, v in enumerate(VAL)]
    accuracy = [0.6 + 0.01 * i for i in range(20)]
    logs = builders.epochs(train, VAL, [a + 0.001 for a in accuracy], accuracy)
    report = diagnose(builders.run(epochs=logs))
    assert all(r.strength < 0.02 for r in report.recommendations if r.action == "stronger-augmentation")


def test_advice_that_does_not_apply_says_why() -> None:
    poor = builders.from_confusion([[80, 0], [18, 2]], config={"unfreeze": "full", "schedule": "one-cycle"})
    entry = next(r for r in diagnose(poor).recommendations if r.action == "unfreeze-gradually")
    assert (entry.status, entry.priority) == ("not_applicable", None)
    assert "All layers are trained" in entry.reason


def test_a_two_class_model_is_checked_for_a_weak_class() -> None:
    (finding,) = findings(builders.from_confusion([[900, 100], [90, 10]]), "weak_classes")
    assert "class1" in finding.title


def test_a_rising_loss_with_one_lucky_last_epoch_is_not_improving() -> None:
    assert not findings(curve([*(1 + 0.1 * i for i in range(39)), 0.5]), "still_improving")


def test_a_short_training_that_turned_early_is_not_told_to_go_on() -> None:
    rising = builders.epochs(RISING, RISING)
    short = builders.run(config={"batch_size": 256}, data=Data(counts={"train": {"a": 60}}), epochs=rising)
    assert not findings(short, "few_updates")


def test_what_a_later_epoch_fits_is_no_limit_of_the_layers_or_the_steps() -> None:
    later, val = [0.5, 0.6, 0.97], [0.5, 0.55, 0.5]
    learned = builders.epochs([1.0, 0.8, 0.2], [1.0, 0.9, 1.3], later, val)
    assert not findings(builders.run(epochs=learned, config=builders.CONFIG), "frozen_too_much")
    assert not findings(builders.run(epochs=learned), "underfitting")
    slower = builders.epochs([1.0, 0.8, 0.7], [1.0, 0.9, 1.3], [0.5, 0.6, 0.6], val)
    assert findings(builders.run(epochs=slower, config=builders.CONFIG), "frozen_too_much")
    assert findings(builders.run(epochs=slower), "underfitting")
    by_heart = replace(trained_on(60), epochs=builders.epochs(VAL, VAL, [0.995] * 20, [0.8] * 20))
    assert not findings(by_heart, "few_updates")


def test_a_validation_ahead_of_training_speaks_for_no_regulariser() -> None:
    ahead = builders.run(epochs=builders.epochs([v + 0.05 for v in VAL], [v + 0.2 for v in VAL], [0.7] * 20, [0.75] * 20))
    (found,) = findings(ahead, "train_val_gap")
    assert {advice.support for advice in found.advice} == {0.0}


def test_a_rate_far_above_the_usual_goes_back_to_it() -> None:
    (found,) = findings(builders.run(config={"optimizer": "adam", "lr": 0.03}), "learning_rate_too_high")
    assert "30 times the usual 0.001" in found.message
    assert found.advice[0].action.patch == {"lr": 0.001}
    assert not findings(builders.run(config={"optimizer": "sgd", "lr": 0.03}), "learning_rate_too_high")
    assert not findings(builders.run(config={"optimizer": "adam", "lr": 0.003}), "learning_rate_too_high")


def test_accumulated_batches_are_one_step() -> None:
    data = Data(counts={"train": {"a": 2000}})
    assert not findings(builders.run(config={"batch_size": 32}, data=data), "few_updates")
    (found,) = findings(builders.run(config={"batch_size": 32, "accumulate": 4}, data=data), "few_updates")
    assert found.evidence["steps"] == 160


def test_a_class_without_training_images_is_an_error() -> None:
    run = builders.run(data=Data(counts={"train": {"acne": 500, "eczema": 400, "melanoma": 0}}))
    assert [f.severity for f in findings(run, "class_imbalance")] == ["error"]


def test_a_test_score_above_validation_is_reported() -> None:
    run = builders.run(
        epochs=builders.epochs([1.0], [1.0], [0.7], [0.7]), data=Data(counts={"val": {"a": 2000}}),
        test=Evaluation(accuracy=0.85, n=2000, epoch=1),
    )  # fmt: skip
    (finding,) = findings(run, "validation_to_test_drop")
    assert "above validation" in finding.title
    assert "trained on" in finding.message


def test_a_weak_subgroup_is_told_with_its_interval_and_what_may_explain_it() -> None:
    (finding,) = findings(toned(60, 80), "weak_subgroups")
    assert finding.title == "Weak subgroup: tone dark"
    assert "tone dark (75.0 %, 95 % interval" in finding.message and "n 80; the rest 90.0 %" in finding.message
    assert "Among samples of the same class it holds for tone dark." in finding.message
    run = toned(60, 80)
    outcome = run.predictions["test"]
    mixed = replace(outcome, label=np.where(outcome.label == outcome.predicted, 0, 1).astype(np.int32), predicted=outcome.label)
    explained = replace(run, predictions={"test": mixed}, test=builders.evaluation(mixed, 2))
    assert "another mix of classes may explain it" in findings(explained, "weak_subgroups")[0].message


def test_subgroups_stand_in_every_format() -> None:
    report = diagnose(toned(60, 80))
    assert [s.value for s in report.test.subgroups] == ["dark", "light"] if report.test else False
    for format in ("html", "md"):
        text = render(report, format)
        assert "Test scores of subgroups" in text and "tone dark" in text
    assert "Weak subgroup: tone dark" in render(report, "terminal")


def test_a_frozen_network_is_told_by_the_groups_that_were_trained() -> None:
    run = frozen(0.80)
    trained = replace(run, epochs=tuple(replace(e, phase="layer4+classifier") for e in run.epochs))
    for each, words in ((run, "Only layer4+fc is trained"), (trained, "Only layer4+classifier is trained")):
        (finding,) = [f for f in diagnose(each).findings if f.rule == "frozen_too_much"]
        assert finding.message.startswith(words)


def test_no_temperature_is_asked_for_where_the_predictions_have_it() -> None:
    rng = np.random.default_rng(5)
    outcomes = {"test": builders.predictions(rng, 2000, shift=2.5), "val": builders.predictions(rng, 500)}
    plain = builders.run(test=builders.evaluation(outcomes["test"], 4), predictions=outcomes)
    cooled = replace(plain, config={"temperature_scaling": True})
    whys = [findings(run, "miscalibration")[0].advice[0].why for run in (plain, cooled)]
    assert "The temperature that the validation set asks for is" in whys[0]
    assert whys[1].endswith("The probabilities have the temperature of the validation set in them.")
    text = "Further temperature fitted on validation"
    assert [text in render(diagnose(run), "md") for run in (plain, cooled)] == [False, True]
    assert "this file alone is as often right, but not as sure" in diagnose(cooled).answers[1].detail
    few = replace(cooled, predictions={"test": outcomes["test"]})  # no temperature could be fitted
    assert "in them" not in findings(few, "miscalibration")[0].advice[0].why
