"""Streams, stores and printed logs of the real tools are read to the numbers that the tool itself had."""

import gzip
import json
from pathlib import Path

import pytest

from dermai_report import DermaiError, read_run
from dermai_report.run import Run

RECORDED = Path(__file__).parent / "recorded"
SOURCES = {
    "clearml_offline": "clearml_offline",
    "dvclive": "dvclive",
    "imagenet_example_stdout": "torchvision_stdout",
    "keras_history_json": "table_json",
    "keras_stdout_bar": "keras_stdout",
    "keras_stdout_lines": "keras_stdout",
    "keras_tensorboard": "tensorboard",
    "mlflow_files": "mlflow_files",
    "mlflow_sqlite": "mlflow_sqlite",
    "mmengine": "mmengine",
    "mmengine_text": "mm_text",
    "skorch": "skorch",
    "tensorboard_add_scalars": "tensorboard",
    "tensorboard_lightning": "tensorboard",
    "tensorboard_torch": "tensorboard",
    "torchvision_stdout": "torchvision_stdout",
    "wandb_offline": "wandb",
}
UNPRINTED = {("val", "loss"): ("imagenet_example_stdout", "torchvision_stdout")}  # these scripts print no mean validation loss


def place(name: str, tmp_path: Path) -> Path:
    """Where a recorded log can be read: zipped ones are unpacked."""
    if name == "mlflow_sqlite":
        (tmp_path / "mlflow.db").write_bytes(gzip.decompress((RECORDED / name / "mlflow.db.gz").read_bytes()))
        return tmp_path / "mlflow.db"
    return RECORDED / name / "session.zip" if name == "clearml_offline" else RECORDED / name


def read(name: str, tmp_path: Path) -> Run:
    return read_run(place(name, tmp_path), run="first" if name.startswith("mlflow") else None)


@pytest.mark.parametrize("name", SOURCES)
def test_read_as_the_tool_saw_it(name: str, tmp_path: Path) -> None:
    run = read(name, tmp_path)
    truth = json.loads((RECORDED / f"{name}.truth.json").read_text())
    assert run.source == SOURCES[name]
    assert [e.epoch for e in run.epochs] == list(range(1, len(truth["epochs"]) + 1))
    exact = 0.6 * 10 ** -truth["decimals"] if "decimals" in truth else 1e-6
    for logged, true in zip(run.epochs, truth["epochs"], strict=True):
        for split in ("train", "val"):
            for metric, value in true[split].items():
                if name not in UNPRINTED.get((split, metric), ()):
                    assert logged.metric(split, metric) == pytest.approx(value, abs=exact), (logged.at, split, metric)
        if "lr" in true and logged.lr:
            assert logged.lr[0] == pytest.approx(true["lr"], abs=1e-4)
        assert logged.at
    if "test" in truth:
        assert run.test is not None
        assert (run.test.loss, run.test.accuracy) == pytest.approx((truth["test"]["loss"], truth["test"]["accuracy"]))
    for key, value in truth.get("config", {}).items():
        assert run.config[key] == value


@pytest.mark.parametrize(
    "name", ["hf_trainer_epochs", "hf_trainer_steps", "tensorboard_hf_trainer_epochs", "tensorboard_hf_trainer_steps"]
)
def test_hugging_face_counts_epochs_in_fractions(name: str) -> None:
    run = read_run(RECORDED / name)
    evaluations = json.loads((RECORDED / f"{name}.truth.json").read_text())["evaluations"]
    assert [e.epoch for e in run.epochs] == [1, 2, 3]
    for epoch in run.epochs:
        own = [e for e in evaluations[:-1] if epoch.epoch - 1 < e["epoch"] <= epoch.epoch]
        best = min(own, key=lambda e: e["loss"])
        assert (epoch.val["loss"], epoch.val["accuracy"]) == pytest.approx((best["loss"], best["accuracy"]))
    assert run.status == ("unknown" if run.source == "tensorboard" else "finished")
    assert any("after the end of training" in n or "later evaluation" in n for n in run.notes)


@pytest.mark.parametrize("name", ["mlflow_files", "mlflow_sqlite"])
def test_several_runs_are_asked_about(name: str, tmp_path: Path) -> None:
    with pytest.raises(DermaiError, match=r"holds 2 runs: .*(first|second).*(first|second)") as caught:
        read_run(place(name, tmp_path))
    hint = caught.value.hint.removeprefix("choose one: --run ")
    assert read_run(place(name, tmp_path), run=hint).name in ("first", "second")
    assert len(read_run(place(name, tmp_path), run="second").epochs) == 2
    with pytest.raises(DermaiError, match="none of them alone is called 'third'"):
        read_run(place(name, tmp_path), run="third")


def test_assumptions_are_told(tmp_path: Path) -> None:
    notes = {name: " ".join(read(name, tmp_path).notes) for name in SOURCES}
    assert "by the clock" in notes["tensorboard_torch"]
    assert "its steps, one after the other, were taken as epochs" in notes["dvclive"]
    assert "percent" in notes["mmengine"]
    assert "validation loss of an epoch is not printed" in notes["torchvision_stdout"]
    assert "Logged once, and no curve: best_val_accuracy" in notes["mlflow_files"]
    assert "Logged once, and no curve: best_val_accuracy" in notes["mlflow_sqlite"]


def test_a_pickle_and_a_numpy_file_say_the_same() -> None:
    truth = json.loads((RECORDED / "keras_history_pickle.truth.json").read_text())["epochs"]
    for file in ("history.pkl", "trainHistoryDict", "history.npy"):
        run = read_run(RECORDED / "keras_history_pickle" / file)
        assert run.source == "keras_history_pickle"
        assert run.series("val", "loss") == pytest.approx([e["val"]["loss"] for e in truth], abs=1e-6)


def test_the_second_model_is_no_rival(tmp_path: Path) -> None:
    run = read_run(RECORDED / "torchvision_stdout")
    assert run.epochs[0].val["accuracy"] - run.epochs[0].val["ema_accuracy"] == pytest.approx(0.05)
