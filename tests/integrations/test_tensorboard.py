"""The curves of a run in TensorBoard, read back by its own reader and by this project's."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dermai_report import DermaiError, read_run
from tests.builders import PUBLISHED, run
from tests.integrations.examples import blocks

FRAMEWORK = "tensorboard"


def test_curves_come_back(tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    from dermai_report.integrations.tensorboard import write_events

    given = read_run(PUBLISHED.parent / "resnet18-digits")
    place = write_events(given, tmp_path / "logs" / "digits")
    events = EventAccumulator(str(place), size_guidance={"tensors": 0}).Reload()
    for split, name in (("train", "loss"), ("train", "accuracy"), ("val", "loss"), ("val", "accuracy")):
        found = events.Tensors(f"{split}/{name}")
        assert [e.step for e in found] == [e.epoch for e in given.epochs]
        np.testing.assert_allclose([e.tensor_proto.float_val[0] for e in found], given.series(split, name), rtol=1e-6)
    assert given.test is not None
    assert events.Tensors("test/accuracy")[0].step == given.test.epoch
    back = read_run(place)
    assert back.source == "tensorboard" and [e.epoch for e in back.epochs] == [e.epoch for e in given.epochs]
    for split, name in (("train", "loss"), ("val", "loss"), ("val", "accuracy")):
        np.testing.assert_allclose(back.series(split, name), given.series(split, name), rtol=1e-6)
    np.testing.assert_allclose([e.lr for e in back.epochs], [e.lr for e in given.epochs], rtol=1e-6)


def test_a_second_run_needs_a_folder_of_its_own(tmp_path: Path) -> None:
    from dermai_report.integrations.tensorboard import write_events

    write_events(run(), tmp_path)
    with pytest.raises(DermaiError, match="has TensorBoard events already"):
        write_events(run(), tmp_path)


def test_example(tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "latest").symlink_to(PUBLISHED)
    (example, _) = blocks("To TensorBoard and MLflow")
    exec(compile(example, "docs/integrations.md", "exec"), {})
    assert read_run("logs/latest").series("val", "loss") == pytest.approx(read_run(PUBLISHED).series("val", "loss"), rel=1e-6)
