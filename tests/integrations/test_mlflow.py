"""A run in MLflow, read back by its own client and by this project's reader of its file store."""

from __future__ import annotations

from pathlib import Path

import pytest

from dermai_report import diagnose, read_run
from tests.builders import PUBLISHED
from tests.integrations.examples import blocks

FRAMEWORK = "mlflow"


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    import mlflow

    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    mlflow.set_tracking_uri((tmp_path / "mlruns").as_uri())
    return tmp_path / "mlruns"


def test_a_run_comes_back(store: Path) -> None:
    from mlflow.tracking import MlflowClient

    from dermai_report.integrations.mlflow import log_run

    given = read_run(PUBLISHED)
    id = log_run(given, diagnose(given))
    client = MlflowClient()
    history = client.get_metric_history(id, "val/loss")
    assert [(m.step, m.value) for m in history] == [(e.epoch, e.val["loss"]) for e in given.epochs]
    tracked = client.get_run(id)
    assert tracked.info.status == "FINISHED" and tracked.info.run_name == given.name
    assert tracked.data.params == {name: str(value) for name, value in given.config.items()}
    (page,) = (artifact.path for artifact in client.list_artifacts(id))
    assert page == "report.html"
    back = read_run(store)
    assert back.source == "mlflow_files"
    for split, name in (("train", "loss"), ("train", "accuracy"), ("val", "loss"), ("val", "accuracy")):
        assert back.series(split, name) == given.series(split, name)


def test_into_the_active_run(store: Path) -> None:
    import mlflow

    from dermai_report.integrations.mlflow import log_run

    with mlflow.start_run() as active:
        assert log_run(read_run(PUBLISHED)) == active.info.run_id
        mlflow.log_metric("mine", 1.0)  # it goes on
    assert mlflow.get_run(active.info.run_id).data.metrics["mine"] == 1.0


def test_example(store: Path, tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "latest").symlink_to(PUBLISHED)
    _, example = blocks("To TensorBoard and MLflow")
    exec(compile("from dermai_report import diagnose, read_run\n" + example, "docs/integrations.md", "exec"), {})
    assert read_run(store).series("val", "loss") == read_run(PUBLISHED).series("val", "loss")
