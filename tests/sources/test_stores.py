"""MLflow, DVCLive, Hugging Face and ClearML: what a store can hold beside the recorded runs, and what must not happen to it."""

import gzip
import json
import sqlite3
from pathlib import Path

import pytest

from dermai_report import DermaiError, read_run

RECORDED = Path(__file__).parent / "recorded"


def database(tmp_path: Path) -> Path:
    path = tmp_path / "mlflow.db"
    path.write_bytes(gzip.decompress((RECORDED / "mlflow_sqlite" / "mlflow.db.gz").read_bytes()))
    return path


def test_a_database_is_only_read(tmp_path: Path) -> None:
    path = database(tmp_path)
    before = path.read_bytes()
    path.chmod(0o444)
    tmp_path.chmod(0o555)
    try:
        read_run(path, run="first")
        assert [p.name for p in tmp_path.iterdir()] == ["mlflow.db"]
    finally:
        tmp_path.chmod(0o755)
    assert path.read_bytes() == before


def test_nan_and_infinity_of_the_database(tmp_path: Path) -> None:
    path = database(tmp_path)
    db = sqlite3.connect(path)
    (run,) = db.execute("SELECT run_uuid FROM runs WHERE name = 'first'").fetchone()
    db.execute("UPDATE metrics SET value = 0, is_nan = 1 WHERE key = 'train_loss' AND step = 2 AND run_uuid = ?", (run,))
    db.execute("UPDATE metrics SET value = 1.7976931348623157e308 WHERE key = 'val_loss' AND step = 3 AND run_uuid = ?", (run,))
    db.commit()
    db.close()
    found = read_run(path, run="first")
    assert str(found.epochs[2].train["loss"]) == "nan"
    assert found.epochs[3].val["loss"] == float("inf")


def test_another_database_and_a_damaged_one(tmp_path: Path) -> None:
    db = sqlite3.connect(tmp_path / "other.db")
    db.execute("CREATE TABLE metrics (a)")
    db.commit()
    db.close()
    with pytest.raises(DermaiError, match="no known log format"):
        read_run(tmp_path / "other.db")
    path = database(tmp_path)
    data = path.read_bytes()
    path.write_bytes(data[:4096] + b"\xff" * 200_000 + data[204_096:])
    with pytest.raises(DermaiError):
        read_run(path, run="first", source="mlflow_sqlite")


def test_a_view_that_never_ends_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from dermai_report.sources import mlflow_sqlite

    monkeypatch.setattr(mlflow_sqlite, "SECONDS", 0.2)
    db = sqlite3.connect(tmp_path / "mlflow.db")
    endless = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT x AS run_uuid FROM c"
    db.executescript(
        "CREATE TABLE runs (run_uuid, name, status, start_time, end_time, lifecycle_stage);"
        f"CREATE VIEW metrics AS {endless};INSERT INTO runs VALUES ('a', 'a', 'FINISHED', 0, 0, 'active');"
    )
    db.close()
    with pytest.raises(DermaiError, match="cannot be read as MLflow's database"):
        read_run(tmp_path / "mlflow.db", source="mlflow_sqlite")


def test_dvclive_wrote_the_first_step_twice(tmp_path: Path) -> None:
    place = tmp_path / "dvclive" / "plots" / "metrics"
    place.mkdir(parents=True)
    (place / "val_loss.tsv").write_text("timestamp\tstep\tval_loss\n1\t0\t0.9\n2\t0\t0.8\n3\t1\t0.7\n4\t2\t0.75\n")
    run = read_run(tmp_path)
    assert run.source == "dvclive"
    assert run.series("val", "loss") == (0.8, 0.7, 0.75)
    assert any("more than once" in n for n in run.notes)


def state(**extra: object) -> dict[str, object]:
    rows = [
        {"epoch": e, "step": 10 * e, "eval_loss": 1 / e, "eval_accuracy": 1 - 1 / (e + 1), "eval_runtime": 1.0}
        for e in (1, 2, 3)
    ]
    return {"global_step": 30, "num_train_epochs": 3, "log_history": rows, **extra}


def test_a_folder_of_checkpoints_is_read_by_its_last(tmp_path: Path) -> None:
    for step, n in ((10, 1), (100, 3)):
        place = tmp_path / f"checkpoint-{step}"
        place.mkdir()
        (place / "trainer_state.json").write_text(json.dumps(state(log_history=state()["log_history"][:n])))  # type: ignore[index]
    run = read_run(tmp_path)
    assert run.series("val", "loss") == (1, 1 / 2, 1 / 3)
    assert any("checkpoint-100" in n for n in run.notes)


def test_results_of_a_test_stand_beside_the_state(tmp_path: Path) -> None:
    (tmp_path / "trainer_state.json").write_text(json.dumps(state()))
    (tmp_path / "test_results.json").write_text(json.dumps({"test_loss": 0.4, "test_accuracy": 0.7, "test_samples": 120}))
    run = read_run(tmp_path)
    assert run.test is not None
    assert (run.test.n, run.test.loss, run.test.accuracy) == (120, 0.4, 0.7)
    assert run.test_at["accuracy"] == "test_results.json"


def test_results_alone_are_no_history(tmp_path: Path) -> None:
    (tmp_path / "all_results.json").write_text(json.dumps({"epoch": 3.0, "train_loss": 0.5, "train_runtime": 9.0}))
    with pytest.raises(DermaiError, match="no history of the training") as caught:
        read_run(tmp_path / "all_results.json")
    assert "trainer_state.json" in caught.value.hint


def test_a_session_unpacked_is_read_as_well(tmp_path: Path) -> None:
    event = {"type": "training_stats_scalar", "metric": "loss", "variant": "val", "value": 0.5}
    lines = [json.dumps([event | {"iter": i}, {"type": "plot"}]) for i in range(3)]
    (tmp_path / "metrics.jsonl").write_text("\n".join([*lines, "[{"]))
    (tmp_path / "task.json").write_text(json.dumps({"name": "clouds"}))
    run = read_run(tmp_path)
    assert (run.name, run.series("val", "loss")) == ("clouds", (0.5, 0.5, 0.5))
    assert run.epochs[2].at == "metrics.jsonl:3"
    assert any("not whole" in n for n in run.notes)


def test_logged_models_are_no_runs(tmp_path: Path) -> None:
    for place in ("models/m-1", "0123456789abcdef"):
        (tmp_path / place / "metrics").mkdir(parents=True)
        (tmp_path / place / "meta.yaml").write_text("run_name: clouds\nstatus: 4\n")
        (tmp_path / place / "metrics" / "val_loss").write_text("1 0.5 0\n2 nan 1\nbroken\n3 0.25 2 data digest\n")
    run = read_run(tmp_path)
    assert (run.name, run.status, run.id) == ("clouds", "failed", "0123456789abcdef")
    assert run.series("val", "loss")[::2] == (0.5, 0.25)
    assert any("1 broken lines of metrics/val_loss" in n for n in run.notes)


def test_mmengine_writes_its_scalars_twice(tmp_path: Path) -> None:
    scalars = (RECORDED / "mmengine" / "vis_data" / "scalars.json").read_bytes()
    for name in ("scalars.json", "20250101_000000.json"):
        (tmp_path / name).write_bytes(scalars)
    assert len(read_run(tmp_path).epochs) == 4
