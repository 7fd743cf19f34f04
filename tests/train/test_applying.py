"""From a report to the next run: which patches are taken over, which are refused, and what the next run says of it."""

import json
from pathlib import Path

import pytest

from dermai_report import diagnose, read_run
from dermai_report.cli.train import asked, build_parser
from dermai_report.errors import DermaiError
from dermai_report.renderers import save
from dermai_report.storage.run_directory import RunWriter
from dermai_report.train import options
from dermai_report.train.applying import apply, read_report, split_wish


def report(path: Path, recommendations: list[dict], config: dict | None = None) -> Path:
    """A report.json with these recommendations."""
    config = {"data": "digits", "lr": 0.001, "name": "first"} if config is None else config
    run = {"id": "run-1", "path": "runs/run-1", "name": "first", "config": config}
    path.write_text(json.dumps({"run": run, "recommendations": recommendations}))
    return path


def advice(action: str, patch: dict, status: str = "suggested", reason: str = "") -> dict:
    return {"action": action, "status": status, "patch": patch, "reason": reason}


COSINE = advice("cosine-schedule", {"schedule": "cosine", "warmup_epochs": 1})
RESTARTS = advice("warm-restarts", {"schedule": "warm-restarts"})
DROPOUT = advice("dropout", {"dropout": 0.3})
SHIP = advice("ship-best-checkpoint", {})
ON = advice("ema", {"ema": 0.999}, "already_on", "The run's configuration has ema = 0.999 already.")


def test_all_suggestions_are_taken_the_stronger_of_two_that_contradict(tmp_path: Path) -> None:
    applied = apply(read_report(report(tmp_path / "r.json", [COSINE, RESTARTS, SHIP, ON, DROPOUT])))
    assert applied.parent.actions == ["cosine-schedule", "dropout"]
    assert {k: applied.values[k] for k in ("schedule", "warmup_epochs", "dropout", "lr")} == {
        "schedule": "cosine",
        "warmup_epochs": 1,
        "dropout": 0.3,
        "lr": 0.001,
    }
    assert applied.left_out == ("warm-restarts: cosine-schedule sets schedule already",)
    assert applied.values["name"] == "first+cosine-schedule+dropout"


def test_named_actions_alone_are_taken(tmp_path: Path) -> None:
    path = report(tmp_path / "r.json", [COSINE, DROPOUT])
    assert apply(read_report(path), ["dropout"]).parent.actions == ["dropout"]
    assert split_wish(f"{path}:dropout, cosine-schedule") == (path, ["dropout", "cosine-schedule"])
    assert split_wish(str(path)) == (path, [])


@pytest.mark.parametrize(
    ("actions", "message"),
    [
        (["dropuot"], "did you mean 'dropout'"),
        (["ema"], "already on"),
        (["ship-best-checkpoint"], "something to do"),
        (["cosine-schedule", "warm-restarts"], "both set schedule"),
    ],
)
def test_what_cannot_be_taken_over_is_refused(tmp_path: Path, actions: list[str], message: str) -> None:
    reported = read_report(report(tmp_path / "r.json", [COSINE, RESTARTS, SHIP, ON, DROPOUT]))
    with pytest.raises(DermaiError, match=message):
        apply(reported, actions)


def test_a_report_that_suggests_no_patch_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DermaiError, match="suggests nothing"):
        apply(read_report(report(tmp_path / "r.json", [SHIP, ON])))


@pytest.mark.parametrize("content", ["", "[]", '{"run": 1}', "\x00", "{" * 100_000])
def test_what_is_no_report_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "r.json").write_text(content)
    with pytest.raises(DermaiError, match=r"is no report\.json"):
        read_report(tmp_path / "r.json")
    with pytest.raises(DermaiError, match="cannot read"):
        read_report(tmp_path / "absent.json")


def test_a_report_on_another_trainers_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DermaiError, match="no configuration of dermai-train"):
        read_report(report(tmp_path / "r.json", [COSINE], config={"learning_rate": 1}))


def test_from_a_real_report_to_the_configuration_of_the_next_run(tmp_path: Path) -> None:
    config = {"data": "digits", "weights": "none", "unfreeze": "full", "epochs": 6, "schedule": "plateau", "lr": 0.01}
    with RunWriter(tmp_path, name="first", classes=["a", "b"], config=config) as run:
        for loss in (1.0, 0.8, 0.9, 0.7, 0.95, 0.6):  # noisy: rules speak for a schedule that anneals
            run.log_epoch(train={"loss": loss, "accuracy": 0.6}, val={"loss": loss * 1.1, "accuracy": 0.6}, lr=0.01)
    first = diagnose(read_run(run.path))
    path = save(first, tmp_path / "report.json", "json")
    suggested = next(r for r in first.recommendations if r.status == "suggested" and r.patch and "epochs" not in r.patch)
    call = asked(options.parse(build_parser(), ["--apply", f"{path}:{suggested.action}", "--epochs", "3"]))
    assert call.parent is not None
    assert (call.parent.id, call.parent.actions) == (run.path.name, [suggested.action])
    record = call.config.record()
    assert suggested.patch.items() <= record.items()
    assert (record["epochs"], record["unfreeze"]) == (3, "full")
    with RunWriter(tmp_path, name="second", config=record, parent=call.parent) as second:
        pass
    again = read_run(second.path)
    assert again.parent == call.parent
    assert any(f.label == "Made from" and suggested.action in f.value for f in diagnose(again).provenance)
