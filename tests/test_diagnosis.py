"""From a run to a report: every key there, deterministic, honest about what is missing."""

import ast
import hashlib
import inspect
import json
from dataclasses import replace

import msgspec
import numpy as np
import pytest

from dermai_report import diagnose, measures, read_run, registry
from dermai_report.diagnosis import WEIGHT, rule_text
from dermai_report.needs import NEEDS
from dermai_report.renderers import render
from dermai_report.report import Report
from tests import builders

KEYS = {
    "format": None, "run": {"id", "name", "source", "path", "classes", "n_epochs", "status"},
    "best_epoch": {"epoch", "by", "val_loss", "val_accuracy", "train_loss", "train_accuracy", "by_val_accuracy",
                   "indistinguishable"},
    "last_epoch": {"epoch", "val_loss", "val_accuracy", "train_loss", "train_accuracy"},
    "overfitting": {"verdict", "overfit", "onset_epoch", "confidence"},
    "gap": {"accuracy", "loss", "onset_epoch", "at_best", "at_last"},
    "generalization": {"val_accuracy", "test_accuracy", "drop", "drop_ci95", "significant", "parts"},
    "test": {"n", "accuracy", "accuracy_ci95", "loss", "macro_f1", "balanced_accuracy", "mcc", "auroc_macro", "confusion",
             "per_class", "calibration"},
    "findings": None, "recommendations": None, "skipped": None, "notes": None,
}  # fmt: skip


def as_json(report: Report) -> dict:
    return json.loads(msgspec.json.encode(report))


def test_published_run_has_every_key() -> None:
    data = as_json(diagnose(read_run(builders.PUBLISHED)))
    assert next(iter(data)) == "format"
    for key, inner in KEYS.items():
        assert key in data
        if inner:
            assert inner <= set(data[key]), key
    assert data["format"] == "dermai-report/1"
    assert set(data["generalization"]["parts"]) == {"selection", "sampling", "label_shift", "unexplained"}
    for r in data["recommendations"]:
        assert {"action", "title", "why", "priority", "status", "patch", "rules"} <= set(r)
    for f in data["findings"]:
        assert {"rule", "title", "severity", "confidence", "message", "evidence"} <= set(f)


def test_published_run_says_what_the_numbers_support() -> None:
    report = diagnose(read_run(builders.PUBLISHED))
    assert report.best_epoch is not None
    assert (report.best_epoch.epoch, report.last_epoch and report.last_epoch.epoch) == (9, 10)
    assert (report.overfitting.verdict, report.overfitting.overfit) == ("provisional", False)
    assert report.overfitting.confidence < 0.5
    assert report.generalization.drop == pytest.approx(0.0563)
    assert report.generalization.significant is None
    checkpoint = next(a for a in report.answers if "checkpoint" in a.question)
    assert checkpoint.answer == "Epoch 9"
    assert "dermai_model.pth" in checkpoint.detail
    assert "lowest validation loss" in checkpoint.detail
    drop = next(f for f in report.findings if f.rule == "validation_to_test_drop")
    assert "5.63 points" in drop.message
    assert "491" in drop.message
    better = next(f for f in report.findings if f.rule == "best_epoch_not_last")
    assert all(part in better.message for part in ("1.1481", "68.00 %", "training loss still improves"))
    gap = next(c for c in report.charts if c.id == "gap")
    assert len(gap.series[0].y) == 10
    assert any("log_evaluation" in note for note in report.notes)


def test_published_run_is_advised_on_all_families() -> None:
    report = diagnose(read_run(builders.PUBLISHED))
    actions = {r.action: r for r in report.recommendations}
    families = {
        "unfreeze-gradually", "early-stopping", "cosine-schedule", "warm-restarts", "dropout", "weight-decay",
        "stronger-augmentation", "mixup-cutmix", "label-smoothing", "test-time-augmentation", "cross-validation",
        "look-at-confusions", "check-labels", "balance-classes",
    }  # fmt: skip
    assert families <= set(actions)
    assert actions["balance-classes"].status == "already_on"
    assert actions["balance-classes"].priority is None
    suggested = [r for r in report.recommendations if r.status == "suggested"]
    assert [r.priority for r in suggested] == list(range(1, len(suggested) + 1))
    for r in report.recommendations:
        assert r.disproof
        assert r.why
        wordless = r.action in ("fix-seed", "count-classes", "balance-classes")
        assert wordless or any(character.isdigit() for why in r.why for character in why)


def test_every_patch_is_understood_by_the_trainer() -> None:
    from dermai_report import actions
    from dermai_report.report import Action
    from dermai_report.train.config import TrainConfig

    patches = [a.patch for a in vars(actions).values() if isinstance(a, Action)]
    assert len(patches) > 15
    for patch in patches:
        assert TrainConfig.from_mapping({"data": "x", **patch})


def test_same_run_same_bytes() -> None:
    first, second = (msgspec.json.encode(diagnose(read_run(builders.PUBLISHED))) for _ in range(2))
    assert first == second


def test_empty_run_gives_an_honest_report() -> None:
    report = diagnose(builders.run(epochs=(), classes=(), config={}, data=builders.Data(), checkpoints={}, status="running"))
    assert report.best_epoch is None
    assert report.test is None
    assert report.overfitting.verdict == "unknown"
    assert all(a.tone in ("unknown", "neutral") for a in report.answers)
    data = as_json(report)
    assert data["gap"] is None
    assert data["last_epoch"] is None


def test_a_skipped_rule_is_not_a_pass() -> None:
    report = diagnose(read_run(builders.PUBLISHED))
    skipped = {s.rule: s.reason for s in report.skipped}
    assert "log_evaluation" in skipped["miscalibration"]
    assert not {f.rule for f in report.findings} & set(skipped)


@pytest.mark.parametrize("name", registry.names("rules"))
def test_every_rule_is_documented(name: str) -> None:
    module = registry.load("rules", name, "rule")
    text = rule_text(name, module)
    assert text.title.endswith((".", "?"))
    for heading in ("What it checks:", "Why it matters:", "When it is wrong:"):
        assert heading in text.text, heading
    for need in module.NEEDS:
        assert all(part in NEEDS for part in need.split("|"))


def test_every_number_of_the_summary_says_where_it_was_read() -> None:
    """The line named holds the number; what stands in no line names the file that it was worked out from."""
    folder = builders.PUBLISHED.parent / "resnet18-digits"
    report = diagnose(read_run(folder))
    at = {number.label: number.at or "" for number in report.numbers}
    assert all(at.values())
    for number in report.numbers:
        for place in (number.at or "").split(" − "):
            file, _, line = place.partition(":")
            assert (folder / file).is_file()
            if line and number.label != "Best epoch" and len(place) == len(number.at or ""):
                text = (folder / file).read_text(encoding="utf-8").splitlines()[int(line) - 1]
                assert "confusion" in text if "F1" in number.label else str(number.value) in text
    assert at["Drop from validation to test"] == f"{at['Best epoch']} − {at['Test accuracy']}"
    assert at["Expected calibration error"] == "predictions/test.parquet"


def test_provenance_names_every_file_that_was_read_with_its_digest() -> None:
    folder = builders.PUBLISHED.parent / "resnet18-digits"
    facts = {fact.label: fact.value for fact in diagnose(read_run(folder)).provenance}
    for name in ("run.json", "epochs.jsonl", "test.json", "predictions/val.parquet", "predictions/test.parquet"):
        assert facts[f"File {name}"] == f"sha256 {hashlib.sha256((folder / name).read_bytes()).hexdigest()}"
    digests = [hashlib.sha256(f.read_bytes()).hexdigest() for f in sorted((folder / "predictions/val_epochs").iterdir())]
    assert hashlib.sha256("\n".join(digests).encode()).hexdigest() in facts["Folder predictions/val_epochs"]
    assert facts["Seed"] == "0" and facts["Excluded classes"] == "none" and facts["Images, test"] == "269"
    assert facts["torch"] and facts["command"].startswith("dermai-train --data digits")


def test_a_class_that_was_set_aside_is_in_the_provenance() -> None:
    data = builders.run().data
    excluded, back = {"warts": {"train": 30, "test": 4}}, "dermai-data restore --data photos warts"
    run = builders.run(data=msgspec.structs.replace(data, excluded=excluded, restore={"warts": back}))
    report = diagnose(run)
    facts = {fact.label: fact.value for fact in report.provenance}
    assert facts["Excluded class warts"] == f"34 images; {back} brings it back"
    assert "Excluded classes" not in facts
    assert any("images of warts is unknown" in note for note in report.notes)
    for format in ("terminal", "html", "md", "json"):
        text = " ".join(render(report, format).split())
        assert "warts (34 images)" in text and back in text, format


@pytest.mark.parametrize("name", registry.names("rules"))
def test_every_rule_says_how_bad_its_findings_can_be(name: str) -> None:
    """The gate rests on it: a rule that was not checked and could not have failed is no reason to doubt."""
    module = registry.load("rules", name, "rule")
    tree = ast.parse(inspect.getsource(module))
    statements = [node for node in tree.body if not (isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "WORST")]
    words = {n.value for s in statements for n in ast.walk(s) if isinstance(n, ast.Constant) and n.value in tuple(WEIGHT)}
    assert min(words, key=WEIGHT.__getitem__) == module.WORST


def test_confusion_counts_come_with_the_shares_of_their_rows() -> None:
    chart = diagnose(builders.from_confusion([[3, 1, 0], [0, 4, 1], [0, 0, 0]])).chart("confusion")
    assert chart.counts[0] == [3, 1, 0]
    assert chart.shares == [[0.75, 0.25, 0.0], [0.0, 0.8, 0.2], [None, None, None]]


@pytest.mark.parametrize("grouped", [False, True])
def test_the_chart_of_the_drop_shows_the_intervals_that_the_report_prints(grouped: bool) -> None:
    """That of the best epoch allows for its choice, that of the test for patients; neither is the plain one of the counts."""
    run = read_run(builders.PUBLISHED.parent / "resnet18-digits")
    if grouped:
        outcome = run.predictions["test"]
        groups = [f"patient {i // 6}" for i in np.argsort(np.argsort(outcome.label != outcome.predicted))]
        run = replace(run, predictions={**run.predictions, "test": replace(outcome, group=groups)})
    report = diagnose(run)
    assert report.best_epoch is not None and report.test is not None
    (chart,) = (c for c in report.charts if c.id == "drop")
    printed = [report.best_epoch.val_accuracy_ci95, report.test.accuracy_ci95]
    assert [(bar.low, bar.high) for bar in chart.bars] == printed
    assert printed[0] != measures.wilson(report.best_epoch.val_accuracy * 269, 269)
    assert (printed[1] != measures.wilson(report.test.accuracy * 269, 269)) == grouped


def test_the_chart_of_the_drop_counts_patients_where_the_last_epoch_was_shipped() -> None:
    run = read_run(builders.PUBLISHED.parent / "resnet18-digits")
    assert run.test is not None
    val = run.predictions["val"]
    group = [f"patient {i // 6}" for i in np.argsort(np.argsort(val.label != val.predicted))]
    run = replace(run, test=msgspec.structs.replace(run.test, epoch=8))
    bars = []
    for predictions in (val, replace(val, group=group)):
        (chart,) = (
            c for c in diagnose(replace(run, predictions={**run.predictions, "val": predictions})).charts if c.id == "drop"
        )
        bars.append(chart.bars[0])
    assert bars[1].high - bars[1].low > 1.3 * (bars[0].high - bars[0].low)
