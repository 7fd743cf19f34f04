"""From passes to a run: which epoch's predictions stand there, and which epoch was tested."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dermai_report import DermaiError, RunWriter, read_run
from dermai_report.integrations._passes import Pass
from dermai_report.integrations._recorder import OTHER_WEIGHTS, Recorder
from dermai_report.run import Run

LABELS = np.arange(20) % 2


def outcome(recorder: Recorder, right: float) -> Pass:
    """Every sample's true class with this probability."""
    made = recorder.new_pass()
    made.add(np.where(LABELS[:, None] == [0, 1], right, 1 - right), LABELS)
    return made


def logged(tmp_path: Path, tested: str, epochs: tuple[float, ...] = (0.6, 0.8, 0.7)) -> Run:
    with RunWriter(tmp_path, classes=["a", "b"]) as run:
        recorder = Recorder(run, samples={"val": [f"v{i}" for i in range(20)]}, groups={"test": ["p", "q"] * 10})
        for number, right in enumerate(epochs, start=1):
            recorder.log_epoch(train={"loss": 1.0}, val=outcome(recorder, right), weights=f"w{number}")
        recorder.log_test(outcome(recorder, 0.75), tested)
    return read_run(run.path)


def test_the_best_epoch_tested(tmp_path: Path) -> None:
    run = logged(tmp_path, "w2")
    assert run.test is not None and run.test.epoch == run.predictions["val"].epoch == 2
    assert run.predictions["val"].sample[3] == "v3" and list(run.predictions["test"].group or ())[:2] == ["p", "q"]
    np.testing.assert_allclose(run.predictions["val"].probabilities[0], [0.8, 0.2], atol=1e-6)


def test_the_last_epoch_tested(tmp_path: Path) -> None:
    run = logged(tmp_path, "w3")
    assert run.test is not None and run.test.epoch == run.predictions["val"].epoch == 3


def test_weights_that_no_epoch_had(tmp_path: Path) -> None:
    run = logged(tmp_path, "averaged")
    assert run.test is not None and run.test.epoch is None and run.test.checkpoint == OTHER_WEIGHTS
    assert run.predictions["val"].epoch == 2


def test_a_killed_training_has_the_predictions_of_its_best_epoch(tmp_path: Path) -> None:
    run = RunWriter(tmp_path, classes=["a", "b"])
    recorder = Recorder(run)
    for right in (0.6, 0.8, 0.7):
        recorder.log_epoch(val=outcome(recorder, right))
    assert read_run(run.path).predictions["val"].epoch == 2
    run.finish("failed")


def test_losses_that_are_no_numbers_are_never_the_best(tmp_path: Path) -> None:
    with RunWriter(tmp_path, classes=["a", "b"]) as run:
        recorder = Recorder(run)
        diverged = recorder.new_pass()
        diverged.add(np.full((20, 2), np.nan), LABELS)
        recorder.log_epoch(val=diverged)
        recorder.log_epoch(val=outcome(recorder, 0.6))
    assert read_run(run.path).predictions["val"].epoch == 2


def test_a_second_fit_goes_on_after_the_first(tmp_path: Path) -> None:
    with RunWriter(tmp_path, classes=["a", "b"]) as run:
        recorder = Recorder(run)
        for number in (4, 5, 1, 2):  # resumed at 4, then another fit
            recorder.log_epoch(train={"loss": 1.0}, epoch=number)
    assert [e.epoch for e in read_run(run.path).epochs] == [4, 5, 6, 7]


def test_a_run_without_classes(tmp_path: Path) -> None:
    with RunWriter(tmp_path) as run, pytest.raises(DermaiError, match="no classes"):
        Recorder(run)
