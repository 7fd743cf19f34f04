"""Runs held against a baseline: the verdict, what it rests on, and what it must not claim."""

from dataclasses import replace

import numpy as np
import pytest

from dermai_report.comparison import compare, distinct_names
from dermai_report.errors import DermaiError
from dermai_report.run import Data, Parent
from tests import builders
from tests.comparison.pairs import BASE, BASELINE, BETTER, EQUAL, WORSE, N, moved, run


def test_a_planted_gain_is_found_with_its_images() -> None:
    comparison = compare(BASELINE, [BETTER])
    (one,) = comparison.runs
    assert (one.verdict, one.paired, one.n, one.fixed, one.broken) == ("better", True, N, 20, 4)
    assert one.difference == pytest.approx(16 / N)
    assert one.ci95 is not None and 0 < one.ci95[0] < 16 / N < one.ci95[1]
    assert comparison.headline == (
        "better is better than baseline by 5.3 points of test accuracy (95 % interval 2.0 to 8.6 points), paired on 300 images."
    )
    assert len(one.fixed_samples) == 20 and len(one.broken_samples) == 4
    sure = [sample.confidence for sample in one.fixed_samples]
    assert sure == sorted(sure, reverse=True)
    assert all(sample.run == sample.true != sample.baseline for sample in one.fixed_samples)
    assert all(sample.baseline == sample.true != sample.run for sample in one.broken_samples)


def test_a_planted_loss_is_told_the_right_way_round() -> None:
    comparison = compare(BASELINE, [WORSE])
    assert (
        "worse is worse than baseline by 9.3 points of test accuracy (95 % interval 5.6 to 12.9 points)" in comparison.headline
    )
    assert comparison.runs[0].answers[0].tone == "bad"
    assert compare(WORSE, [BASELINE]).runs[0].verdict == "better"


def test_what_cannot_be_told_is_not_told() -> None:
    comparison = compare(BASELINE, [EQUAL])
    assert comparison.runs[0].verdict == "unknown"
    assert comparison.headline.startswith("Cannot tell whether equal is better than baseline: ")
    assert any("another seed" in note for note in comparison.notes)


def test_several_runs_are_compared_with_holm() -> None:
    comparison = compare(BASELINE, [BETTER, EQUAL, WORSE])
    assert [one.verdict for one in comparison.runs] == ["better", "unknown", "worse"]
    assert comparison.headline == "1 of 3 runs is better than baseline: better by 5.3 points. worse is worse."
    alone = [compare(BASELINE, [other]).runs[0].p_adjusted for other in (BETTER, EQUAL, WORSE)]
    assert [one.p for one in comparison.runs] == alone
    together = [one.p_adjusted for one in comparison.runs]
    assert all(b >= a for a, b in zip(alone, together, strict=True)) and together != alone
    assert len(comparison.answers) == 3
    assert any("Holm" in note for note in comparison.notes)
    assert "better" not in compare(BASELINE, [EQUAL, EQUAL]).headline.replace("better than", "")


def test_without_shared_samples_the_interval_is_that_of_two_sets() -> None:
    apart = replace(moved(20, 4), sample=[f"other{i}" for i in range(N)])
    (one,) = compare(BASELINE, [run(apart, name="apart")]).runs
    (paired,) = compare(BASELINE, [BETTER]).runs
    assert not one.paired and one.fixed is None and one.fixed_samples == []
    assert one.ci95 is not None and paired.ci95 is not None
    assert one.ci95[1] - one.ci95[0] > 1.5 * (paired.ci95[1] - paired.ci95[0])
    assert any(note.startswith("Not paired: the two runs share no test sample") for note in one.notes)


@pytest.mark.parametrize("names", [["x"] * N, [str(i) for i in range(N)]])
def test_samples_that_cannot_be_told_apart_are_not_paired(names: list[str]) -> None:
    other = replace(moved(20, 4), sample=names, label=np.roll(BASE.label, 1))
    (one,) = compare(run(replace(BASE, sample=names), name="a"), [run(other, name="b")]).runs
    assert not one.paired


def test_numbered_samples_with_the_same_labels_are_paired_and_that_is_said() -> None:
    names = [str(i) for i in range(N)]
    first, second = (run(replace(o, sample=names), name=n) for o, n in ((BASE, "a"), (moved(20, 4), "b")))
    (one,) = compare(first, [second]).runs
    assert one.paired and any("paired by their number" in note for note in one.notes)


def test_classes_that_one_lacks_are_left_out_and_named() -> None:
    classes = ("nevus", "acne", "eczema")  # another order, and no melanoma
    old = [builders.CLASSES.index(name) for name in classes]
    kept = np.isin(BASE.label, old)
    table = BASE.probabilities[kept][:, old]  # type: ignore[index]
    table /= table.sum(axis=1, keepdims=True)
    number = {o: i for i, o in enumerate(old)}
    outcome = replace(
        BASE,
        sample=[name for name, keep in zip(BASE.sample, kept, strict=True) if keep],
        label=np.array([number[c] for c in BASE.label[kept]], dtype=np.int32),
        predicted=table.argmax(axis=1).astype(np.int32),
        probabilities=table,
    )
    (one,) = compare(BASELINE, [run(outcome, name="fewer", classes=classes)]).runs
    assert (one.paired, one.n, one.fixed, one.broken, one.difference) == (True, int(kept.sum()), 0, 0, 0.0)
    assert any(
        note == "Only baseline knows the class melanoma; such images are left out of every score here." for note in one.notes
    )
    assert not {"Validation accuracy", "Drop from validation to test"} & {row.label for row in one.differences}


def test_runs_without_a_class_in_common_are_not_compared() -> None:
    other = run(BASE, name="other", classes=("p", "q", "r", "s"))
    comparison = compare(BASELINE, [other])
    assert comparison.headline.startswith("Cannot tell") and "no accuracy of both runs is known" in comparison.headline
    assert any("share no class" in note for note in comparison.runs[0].notes)


def test_the_recommended_change_is_recognised() -> None:
    made = {change.action: change for change in compare(BASELINE, [BETTER]).runs[0].changes}
    assert made["stronger-augmentation"].made == "yes" and made["stronger-augmentation"].others == 1
    assert made["label-smoothing"].made == "no"
    partly = replace(BETTER, config=BASELINE.config | {"mixup": 0.2})
    made = {change.action: change.made for change in compare(BASELINE, [partly]).runs[0].changes}
    assert made["mixup-cutmix"] in ("yes", "partly") and made["stronger-augmentation"] == "no"
    taken = replace(EQUAL, parent=Parent(id=BASELINE.id, path="runs/a", actions=["label-smoothing"]))
    made = {change.action: change.made for change in compare(BASELINE, [taken]).runs[0].changes}
    assert made["label-smoothing"] == "yes"


def test_without_the_configuration_of_the_baseline_nobody_knows_what_was_followed() -> None:
    (one,) = compare(replace(BASELINE, config={}), [BETTER]).runs
    assert {change.made for change in one.changes} == {"unknown"}
    assert not one.predictions
    advised = next(a for a in one.answers if a.question.startswith("Was it what"))
    assert advised.answer == "Cannot tell" and "was not logged" in advised.detail
    taken = replace(BETTER, parent=Parent(id=BASELINE.id, path="runs/a", actions=["label-smoothing"]))
    (one,) = compare(replace(BASELINE, config={}), [taken]).runs
    assert [change.action for change in one.changes if change.made == "yes"] == ["label-smoothing"]


def test_what_one_run_alone_logged_is_no_change() -> None:
    (one,) = compare(BASELINE, [replace(BASELINE, id="b", name="b", config=BASELINE.config | {"data_root": ""})]).runs
    assert [(s.key, s.alone) for s in one.settings] == [("data_root", True)]
    (told,) = [a for a in one.answers if a.question.startswith("What was set")]
    assert (told.answer, told.detail) == ("No setting that both logged", "Logged of one run alone: data_root.")
    off = replace(BASELINE, config=BASELINE.config | {"clip": None})
    (one,) = compare(off, [replace(off, config=off.config | {"clip": 1.0})]).runs
    assert [(s.key, s.alone) for s in one.settings] == [("clip", False)]


def test_what_was_set_differently_is_listed() -> None:
    other = replace(BETTER, data=Data(fingerprint="x", excluded={"rash": {"train": 3}}), environment={"torch": "9"}, git={})
    found = {(s.of, s.key): (s.baseline, s.run) for s in compare(BASELINE, [other]).runs[0].settings}
    assert found["configuration", "lr"] == (0.001, 0.002)
    assert found["configuration", "augment"] == (None, "strong")
    assert found["configuration", "seed"] == (1, 2)
    assert found["data", "classes set aside"] == (None, ["rash"])
    assert found["environment", "torch"] == (None, "9")
    assert found["environment", "code revision"] == ("0" * 40, None)
    assert ("configuration", "epochs") not in found


def test_without_a_test_validation_decides_and_that_is_said() -> None:
    first, second = builders.run(name="a"), builders.run(name="b", id="other")
    comparison = compare(first, [second])
    assert comparison.runs[0].split == "val"
    assert any("validation chose the epochs" in note for note in comparison.notes)


def test_nothing_known_is_said() -> None:
    empty = builders.run(epochs=(), classes=(), config={}, name="empty", id="e")
    comparison = compare(BASELINE, [empty])
    assert [row.label for row in comparison.runs[0].differences] == ["Epochs"]
    assert "no accuracy of both runs is known" in comparison.headline


def test_runs_of_one_name_are_told_apart() -> None:
    twins = [replace(BASELINE, id=i) for i in "xy"]
    assert distinct_names(twins) == ["x", "y"]
    assert distinct_names([replace(BASELINE, path=p) for p in ("p", "q")]) == ["p", "q"]


def test_a_baseline_alone_is_an_error() -> None:
    with pytest.raises(DermaiError, match="nothing to compare"):
        compare(BASELINE, [])


def test_p_is_of_the_interval_where_samples_come_in_groups() -> None:
    groups = [f"patient {i // 3}" for i in range(N)]
    first, second = (run(replace(outcome, group=groups), name=name) for name, outcome in (("a", BASE), ("b", moved(20, 4))))
    (grouped,), (alone,) = compare(first, [second]).runs, compare(BASELINE, [BETTER]).runs
    assert (grouped.paired, grouped.test, alone.test) == (True, "interval", "mcnemar")
    assert "by the interval" in grouped.answers[0].detail and "McNemar" not in grouped.answers[0].detail
    assert "by McNemar's exact test" in alone.answers[0].detail


def test_curves_are_drawn_of_runs_with_the_same_classes_and_never_of_one_alone() -> None:
    fewer = run(None, name="fewer", classes=("acne", "eczema"))
    assert not compare(BASELINE, [fewer]).charts
    curves = [chart for chart in compare(BASELINE, [fewer, BETTER]).charts if chart.id == "loss"]
    assert [chart.caption.partition(" Drawn: ")[2] for chart in curves] == ["baseline and better, of 3 runs."]


def test_a_difference_without_interval_says_so() -> None:
    (one,) = compare(BASELINE, [BETTER]).runs
    silent = {row.label for row in one.differences if row.ci95 is None and not row.basis}
    assert silent <= {"Best epoch", "Epochs", "Training time", "Confidence that it overfits"}
    apart = replace(BETTER, predictions={"test": replace(moved(20, 4), sample=[f"other{i}" for i in range(N)])})
    rows = {row.label: row for row in compare(BASELINE, [apart]).runs[0].differences}
    for label in ("Expected calibration error", "Drop from validation to test"):
        assert rows[label].ci95 is None and "no interval" in rows[label].basis


def test_calibration_drop_and_best_epoch_have_paired_intervals() -> None:
    outcomes = {"val": replace(BASE, epoch=10), "test": BASE}
    right = float((BASE.label == BASE.predicted).mean())
    logs = tuple(replace(e, val=dict(e.val) | {"accuracy": right}) for e in BASELINE.epochs)
    first = replace(BASELINE, predictions=outcomes, epochs=logs)
    second = replace(
        first, predictions={"val": replace(BASE, epoch=10), "test": moved(20, 4)}, id="b", name="b", test=BETTER.test
    )
    rows = {row.label: row for row in compare(first, [second]).runs[0].differences}
    ece, drop, best = (rows[label] for label in ("Expected calibration error", "Drop from validation to test", "Best epoch"))
    for row in (ece, drop):
        assert row.difference is not None and row.ci95 is not None
        assert row.ci95[0] < row.difference < row.ci95[1] and row.basis == "the same samples" and row.n == N
    assert drop.difference == pytest.approx(-16 / N) and drop.better is True
    assert best.ci95 == (-best.baseline + 1, 10 - best.baseline) or best.basis == "the epochs that are as good"  # type: ignore[operator]
    stale = replace(second, predictions=second.predictions | {"val": replace(BASE, epoch=3)})
    rows = {row.label: row for row in compare(first, [stale]).runs[0].differences}
    assert rows["Drop from validation to test"].ci95 is None  # predictions of another epoch than the one tested


def test_a_validation_loss_has_no_interval_of_cooled_predictions() -> None:
    """A temperature is in the saved predictions and not in the epochs' losses, which are equal."""
    table = np.sqrt(BASE.probabilities)  # type: ignore[arg-type]
    cooled = replace(BASE, probabilities=table / table.sum(axis=1, keepdims=True))
    right = float((BASE.label == BASE.predicted).mean())
    logs = tuple(replace(e, val=dict(e.val) | {"accuracy": right}) for e in BASELINE.epochs)
    first = replace(BASELINE, epochs=logs, predictions={"val": BASE, "test": BASE})
    second = replace(first, predictions={"val": cooled, "test": cooled}, id="b", name="b")
    rows = {row.label: row for row in compare(first, [second]).runs[0].differences}
    loss = rows["Validation loss, best epoch"]
    assert (loss.difference, loss.ci95, loss.better) == (0, None, None)
    assert "no interval" in loss.basis
    assert rows["Test loss"].ci95 is not None
    assert rows["Validation accuracy"].ci95 is not None


def test_predictions_of_the_recorded_actions_are_checked() -> None:
    val = {"val": BASE}
    parent = replace(BASELINE, predictions=BASELINE.predictions | val)
    child = replace(
        BETTER,
        predictions=BETTER.predictions | {"val": moved(20, 4)},
        parent=Parent(id=BASELINE.id, path="runs/a", actions=["stronger-augmentation"]),
    )
    (one,) = compare(parent, [child]).runs
    (action,) = one.predictions
    assert (action.action, action.held, action.together) == ("stronger-augmentation", "held", [])
    (check,) = action.checks
    assert (check.said, check.measured.label, check.measured.n) == ("lower", "Validation loss", N)
    answer = one.answers[-1]
    assert (answer.question, answer.answer, answer.tone) == (
        "Did the prediction hold?",
        "Yes, for these two trained models",
        "good",
    )
    assert "One seed: the interval covers the images, not the luck of training." in answer.detail
    assert "dermai-train try REPORT.json:stronger-augmentation" in answer.detail
    assert compare(parent, [replace(child, predictions=parent.predictions)]).runs[0].answers[-1].answer.startswith("No, ")


def test_actions_taken_together_are_not_told_apart() -> None:
    taken = ["stronger-augmentation", "dropout", "fix-seed", "no-such-action"]
    child = replace(BETTER, parent=Parent(id=BASELINE.id, path="runs/a", actions=taken))
    (one,) = compare(BASELINE, [child]).runs
    assert [action.action for action in one.predictions] == taken
    assert one.predictions[0].together == taken[1:]
    assert "promises no better run" in one.predictions[2].unchecked and "no action of that name" in one.predictions[3].unchecked
    assert one.answers[-1].question == "Did the predictions hold?" and "cannot be told apart" in one.answers[-1].detail
    assert any("were taken together" in note for note in one.notes)


def test_where_no_run_is_recorded_as_the_parent_that_is_said() -> None:
    (one,) = compare(BASELINE, [BETTER]).runs  # its settings are what was recommended
    assert "stronger-augmentation" in [action.action for action in one.predictions]
    other = replace(BETTER, parent=Parent(id="another", path="x", actions=["dropout"]))
    (one,) = compare(BASELINE, [other]).runs
    assert "dropout" not in [action.action for action in one.predictions]
    assert any("made from another run, another" in note for note in one.notes)
    child = replace(BASELINE, parent=Parent(id=BETTER.id, path="x", actions=["dropout"]))
    assert any("name better first" in note for note in compare(child, [BETTER]).runs[0].notes)
    fewer = run(None, name="fewer", classes=("acne", "eczema"), parent=Parent(id=BASELINE.id, path="x", actions=["dropout"]))
    assert compare(BASELINE, [fewer]).runs[0].predictions[0].unchecked == "The two runs know different classes."
