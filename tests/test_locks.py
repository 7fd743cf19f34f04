"""Telling a running run from a dead one, whoever looks at which moment."""

import fcntl
import json
import threading
import time
from pathlib import Path

import pytest

from dermai_report import RunWriter, locks, read_run


def test_a_reader_in_the_way_only_delays_the_writer(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.touch()
    with path.open("rb") as reader, path.open("ab") as log:
        fcntl.flock(reader, fcntl.LOCK_SH)
        release = threading.Timer(0.1, lambda: fcntl.flock(reader, fcntl.LOCK_UN))
        release.start()
        assert locks.hold(log)
        release.join()
        assert locks.is_held(path)
    assert not locks.is_held(path)


def test_a_new_run_waits_and_a_resumed_one_gives_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "MOMENT", 0.05)
    path = tmp_path / "log"
    path.touch()
    with path.open("rb") as other, path.open("ab") as log:
        fcntl.flock(other, fcntl.LOCK_SH)
        assert not locks.hold(log)
        release = threading.Timer(0.2, lambda: fcntl.flock(other, fcntl.LOCK_UN))
        release.start()
        start = time.monotonic()
        assert locks.hold(log, wait=True)
        assert time.monotonic() - start > 0.1
        release.join()
        assert locks.is_held(path)


def test_a_missing_log_has_no_holder(tmp_path: Path) -> None:
    assert not locks.is_held(tmp_path / "epochs.jsonl")
    manifest = {"format": 1, "id": "x", "name": "x", "status": "running"}
    (tmp_path / "run.json").write_text(json.dumps(manifest))
    assert read_run(tmp_path).status == "interrupted"


def test_where_locks_are_not_offered_the_word_of_the_run_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(fcntl, "flock", refuse)
    run = RunWriter(tmp_path)
    assert read_run(run.path).status == "running"
    run.finish()
    assert read_run(run.path).status == "finished"
