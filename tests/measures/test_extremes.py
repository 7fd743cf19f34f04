"""Test sets at the edge: a sample or three, all right, all wrong, one class, sure or equal probabilities, one group or two."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator

import msgspec
import numpy as np
import pytest

from dermai_report import diagnose
from dermai_report.run import Predictions
from tests import builders

K = 2
KINDS = ("right", "wrong", "one class", "by chance")
PROBABILITIES = ("none", "sure", "equal", "soft")
GROUPS = ("none", "one", "two", "pairs")


def outcome(n: int, kind: str, probabilities: str, groups: str, seed: int) -> Predictions:
    rng = np.random.default_rng(seed)
    label = rng.integers(0, K, n).astype(np.int32) * (kind != "one class")
    called = {"wrong": 1 - label, "by chance": rng.integers(0, K, n)}.get(kind, label).astype(np.int32)
    if probabilities == "equal":
        called = np.zeros(n, np.int32)
    top = {"none": None, "sure": 1.0, "equal": 0.5, "soft": 0.7}[probabilities]
    table = None if top is None else np.where(np.arange(K) == called[:, None], top, 1 - top).astype(np.float32)
    of = {"none": None, "one": ["a"] * n, "two": [str(i % 2) for i in range(n)], "pairs": [str(i // 2) for i in range(n)]}
    return Predictions(sample=[str(i) for i in range(n)], label=label, predicted=called, probabilities=table, group=of[groups])


def intervals(record: object) -> Iterator[tuple[str, float | None, tuple[float, float]]]:
    """Every interval in the record, with the value that it belongs to."""
    if isinstance(record, msgspec.Struct):
        for name in record.__struct_fields__:
            value = getattr(record, name)
            if name.endswith("_ci95") and value is not None:
                yield name, getattr(record, name.removesuffix("_ci95"), None), value
            yield from intervals(value)
    elif isinstance(record, list | tuple):
        for one in record:
            yield from intervals(one)


@pytest.mark.parametrize("n", [1, 2, 3, 12])
@pytest.mark.parametrize("kind", KINDS)
def test_every_interval_is_finite_and_holds_its_value(n: int, kind: str) -> None:
    for probabilities, groups in itertools.product(PROBABILITIES, GROUPS):
        test, val = (outcome(n, kind, probabilities, groups, seed) for seed in (1, 2))
        run = builders.run(classes=("a", "b"), test=builders.evaluation(test, K), predictions={"test": test, "val": val})
        report = diagnose(run)
        found = list(intervals((report.test, report.generalization)))
        assert found, "no interval was looked at"
        for name, value, (low, high) in found:
            assert math.isfinite(low) and math.isfinite(high), (name, probabilities, groups)
            assert value is None or low - 1e-6 <= value <= high + 1e-6, (name, probabilities, groups)
        assert all(0 <= finding.confidence <= 1 for finding in report.findings)
