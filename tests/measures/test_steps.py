"""Optimizer steps of a run."""

from dermai_report import measures
from dermai_report.run import Data
from tests import builders


def test_steps_are_batches_over_all_epochs() -> None:
    data = Data(counts={"train": {"a": 60, "b": 41}})
    assert measures.steps(builders.run(config={"batch_size": 25}, data=data)) == 10 * 5
    assert measures.steps(builders.run(config={"batch_size": 25, "accumulate": 2}, data=data)) == 10 * 3


def test_without_images_or_batch_size_there_are_no_steps() -> None:
    assert measures.steps(builders.run(config={"batch_size": 25}, data=Data(counts={}))) is None
    assert measures.steps(builders.run(config={}, data=Data(counts={"train": {"a": 60}}))) is None
    assert measures.steps(builders.run(config={"batch_size": "all"}, data=Data(counts={"train": {"a": 60}}))) is None
